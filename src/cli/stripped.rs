//! Live objects without what placement never reads and nobody should print: environments above all.

use serde_json::Value;

/// The lists of containers in a pod's spec.
const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];
/// The fields of a container that stay.
const READ: [&str; 4] = ["name", "image", "resources", "restartPolicy"];
/// The annotation in which `kubectl apply` keeps the object, environments included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Takes environments, volumes and the like out of an object, wherever a pod's spec stands in it. Labels keep their names,
/// `env` among them.
pub(super) fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if fields.contains_key(CONTAINERS[0]) {
                fields.shift_remove("volumes");
            }
            for (key, field) in fields.iter_mut() {
                match key.as_str() {
                    "metadata" => strip_metadata(field),
                    key if CONTAINERS.contains(&key) => strip_containers(field),
                    _ => strip(field),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

fn strip_metadata(metadata: &mut Value) {
    if let Value::Object(fields) = metadata {
        fields.shift_remove("managedFields");
        if let Some(Value::Object(annotations)) = fields.get_mut("annotations") {
            annotations.shift_remove(LAST_APPLIED);
        }
    }
}

fn strip_containers(containers: &mut Value) {
    for container in containers.as_array_mut().into_iter().flatten() {
        if let Value::Object(fields) = container {
            fields.retain(|key, _| READ.contains(&key.as_str()));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::strip;

    #[test]
    fn no_environment_is_left() {
        let container = json!({"name": "a", "env": [{"name": "TOKEN", "value": "SECRET"}]});
        let mut object = json!({
            "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "SECRET", "a": "b"}},
            "spec": {"template": {
                "metadata": {"managedFields": ["SECRET"]},
                "spec": {"containers": [container], "initContainers": [container]},
            }},
        });
        strip(&mut object);
        let text = object.to_string();
        assert!(
            !text.contains("SECRET") && text.contains("\"a\":\"b\""),
            "{text}"
        );
    }

    #[test]
    fn a_label_may_have_the_name_of_a_field() {
        let mut object = json!({
            "metadata": {"labels": {"env": "prod", "containers": "two", "metadata": "x"}},
            "spec": {"nodeSelector": {"env": "prod", "volumes": "two"}},
        });
        let before = object.clone();
        strip(&mut object);
        assert_eq!(object, before);
    }
}
