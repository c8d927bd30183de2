//! The pod templates in an object.

use serde_json::{Map, Value, json};

use super::makers::{LabelsOf, Maker};
use crate::encoding::field::{FieldPath, Segment};

/// A pod template, and its place in the object.
#[derive(Debug, PartialEq)]
pub(super) struct TemplateAt {
    pub(super) path: FieldPath,
    pub(super) value: Value,
}

/// Returns the templates of an object, in its order.
pub(super) fn templates(maker: &Maker, object: &Value) -> Vec<TemplateAt> {
    let mut found = Vec::new();
    for place in maker.templates {
        let steps: Vec<&str> = place.split('.').filter(|step| !step.is_empty()).collect();
        collect(object, &steps, &FieldPath::default(), &mut found);
    }
    if maker.labels == LabelsOf::Object {
        let labels = object.pointer("/metadata/labels").unwrap_or(&Value::Null);
        for template in &mut found {
            template.value["metadata"] = json!({ "labels": labels });
        }
    }
    found
}

fn collect(value: &Value, steps: &[&str], path: &FieldPath, found: &mut Vec<TemplateAt>) {
    let within = |segment| {
        let mut path = path.clone();
        path.0.push(segment);
        path
    };
    match (steps, value) {
        ([], Value::Object(template)) => {
            let path = path.clone();
            found.extend(template_of(template).map(|value| TemplateAt { path, value }));
        }
        (["*", rest @ ..], Value::Array(items)) => {
            for (position, item) in items.iter().enumerate() {
                collect(item, rest, &within(Segment::Index(position)), found);
            }
        }
        (["*", rest @ ..], Value::Object(entries)) => {
            for (key, entry) in entries {
                collect(entry, rest, &within(Segment::Entry(key.clone())), found);
            }
        }
        ([key, rest @ ..], Value::Object(fields)) => {
            if let Some(field) = fields.get(*key) {
                collect(field, rest, &within(Segment::Key((*key).to_owned())), found);
            }
        }
        _ => {}
    }
}

/// Returns the metadata and the spec of a template; `None` if it has no spec.
fn template_of(template: &Map<String, Value>) -> Option<Value> {
    let spec = template.get("spec")?;
    let metadata = template.get("metadata").unwrap_or(&Value::Null);
    Some(json!({ "metadata": metadata, "spec": spec }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::templates;
    use crate::cli::explain::makers::Maker;

    #[test]
    fn templates_are_found_in_lists_and_maps() {
        let template =
            json!({ "metadata": { "labels": { "a": "b" } }, "spec": { "containers": [] } });
        let cases = [
            (
                "batch.volcano.sh",
                "Job",
                json!({ "spec": { "tasks": [{ "template": template }, {}, { "template": template }] } }),
                &["spec.tasks[0].template", "spec.tasks[2].template"][..],
            ),
            (
                "kubeflow.org",
                "TFJob",
                json!({ "spec": { "tfReplicaSpecs": { "Chief": { "template": template } } } }),
                &["spec.tfReplicaSpecs[Chief].template"],
            ),
            ("serving.knative.dev", "Revision", template.clone(), &[""]),
            (
                "argoproj.io",
                "Rollout",
                json!({ "spec": { "workloadRef": {} } }),
                &[],
            ),
        ];
        for (group, kind, object, paths) in cases {
            let found = templates(Maker::of(group, kind).unwrap(), &object);
            let found_paths: Vec<_> = found.iter().map(|found| found.path.to_string()).collect();
            assert_eq!(found_paths, paths, "{kind}");
            assert!(found.iter().all(|found| found.value == template), "{kind}");
        }
    }

    #[test]
    fn the_pods_of_a_notebook_get_its_own_labels() {
        let notebook = json!({ "metadata": { "labels": { "a": "b" } }, "spec": { "template": { "spec": {} } } });
        let found = templates(Maker::of("kubeflow.org", "Notebook").unwrap(), &notebook);
        assert_eq!(
            found[0].value,
            json!({ "metadata": { "labels": { "a": "b" } }, "spec": {} })
        );
    }
}
