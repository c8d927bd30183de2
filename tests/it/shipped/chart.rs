//! The chart, as far as it can be judged without Helm. The cluster tests install it.

use std::{env, fs};

use berth::definition::definition;
use berth::encoding::strict;
use berth::policy::PolicySpec;
use serde_json::{Map, Value, json};

use crate::harness::repository;
use crate::model::scheduler::items;

/// The schema of the values, in whose last definition, `policy`, the policy's own is repeated.
const SCHEMA: &str = "deploy/charts/berth/values.schema.json";

/// The variable that, set to `overwrite`, has that definition written anew.
const SNAPSHOTS: &str = "SNAPSHOTS";

fn file(name: &str) -> Value {
    let text = repository::text_of(format!("deploy/charts/berth/{name}"));
    repository::values_of(&text).remove(0)
}

#[test]
fn the_chart_has_the_version_of_the_binary() {
    let chart = file("Chart.yaml");
    for field in ["version", "appVersion"] {
        assert_eq!(chart[field], env!("CARGO_PKG_VERSION"), "{field}");
    }
}

/// The chart installs the files that the kustomizations beside them name.
#[test]
fn the_chart_reads_what_the_kustomizations_name() {
    let template = repository::text_of("deploy/charts/berth/templates/monitoring.yaml");
    let objects = file("monitoring/kustomization.yaml");
    let names: Vec<String> = items(&objects["resources"])
        .iter()
        .map(Value::to_string)
        .collect();
    assert!(!names.is_empty());
    let list = format!("range list {} }}}}", names.join(" "));
    assert!(template.contains(&list), "{list}");
    let dashboard = file("monitoring/dashboard/kustomization.yaml");
    let files = items(&dashboard["configMapGenerator"][0]["files"]);
    assert!(!files.is_empty());
    for name in files.iter().filter_map(Value::as_str) {
        let path = format!("\"monitoring/dashboard/{name}\"");
        assert!(template.contains(&path), "{path}");
    }
}

/// Outside of the chart there are references alone: a second copy of a file would go its own way.
#[test]
fn what_the_chart_has_is_nowhere_else() {
    for directory in ["deploy/crd", "deploy/monitoring"] {
        let files = repository::files_below(directory);
        assert!(!files.is_empty(), "{directory}");
        for file in files {
            assert!(file.ends_with("kustomization.yaml"), "{}", file.display());
        }
    }
}

/// Helm applies every manifest below `crds/`, whatever it holds, and goes by the ending of the name.
#[test]
fn helm_finds_nothing_but_definitions_below_crds() {
    let manifests = repository::files_below("deploy/charts/berth/crds")
        .into_iter()
        .filter(|file| {
            let end = file.extension().unwrap_or_default();
            ["yaml", "yml", "json"].iter().any(|known| end == *known)
        });
    let mut seen = 0;
    for file in manifests {
        for object in repository::values_of(&repository::text_of(&file)) {
            let kind = &object["kind"];
            assert_eq!(*kind, "CustomResourceDefinition", "{}", file.display());
            seen += 1;
        }
    }
    assert!(seen > 0);
}

/// Returns the fields of a file of values, or of their schema, each by its path.
fn fields(value: &Value, below: fn(&Value) -> &Value, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (name, field) in below(value).as_object().into_iter().flatten() {
        let path = format!("{path}/{name}");
        found.extend(fields(field, below, &path));
        found.push(path);
    }
    found
}

/// Every field that can be set has a default, and a comment beside it. Those of the policy are the definition's.
#[test]
fn values_and_their_schema_have_the_same_fields() {
    let schema = file("values.schema.json");
    let mut known = fields(&schema, |schema| &schema["properties"], "");
    // A chart gives these to the charts that are a part of it.
    known.retain(|path| !["/global", "/enabled"].contains(&path.as_str()));
    let mut given = fields(&file("values.yaml"), |value| value, "");
    // Kubernetes judges the content of the first, and the definition of a policy that of the second.
    given.retain(|path| !path.starts_with("/resources/") && !path.starts_with("/policy/"));
    known.sort();
    given.sort();
    assert_eq!(known, given);
}

/// Returns a structural schema in the words of JSON Schema. What only Kubernetes knows is left out, and a field that
/// nobody defined is refused: the API server would drop it.
fn json_schema(structural: &Value) -> Value {
    let below = |fields: &Value| -> Value {
        let fields = fields.as_object().into_iter().flatten();
        let fields = fields.map(|(name, field)| (name.clone(), json_schema(field)));
        fields.collect::<Map<_, _>>().into()
    };
    let mut schema = Map::new();
    for (keyword, value) in structural.as_object().unwrap() {
        let value = match keyword.as_str() {
            "format" => continue,
            kubernetes if kubernetes.starts_with("x-kubernetes-") => continue,
            "items" | "additionalProperties" => json_schema(value),
            "properties" => {
                schema.insert("additionalProperties".to_owned(), json!(false));
                below(value)
            }
            _ => value.clone(),
        };
        schema.insert(keyword.clone(), value);
    }
    schema.into()
}

/// Helm refuses a wrong policy before it applies anything: the values have the schema of the definition.
#[test]
fn the_policy_of_the_values_has_the_schema_of_the_definition() {
    let whole = &definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    let mut wanted = json_schema(&whole["properties"]["spec"]);
    wanted["type"] = json!(["object", "null"]);
    if file("values.schema.json")["definitions"]["policy"] == wanted {
        return;
    }
    assert!(
        env::var_os(SNAPSHOTS).is_some_and(|mode| mode == "overwrite"),
        "to write it anew: {SNAPSHOTS}=overwrite cargo test policy_of_the_values"
    );
    let text = repository::text_of(SCHEMA);
    let (before, _) = text.rsplit_once("\n    \"policy\": {").unwrap();
    // The part of the last definition is that of a document with nothing else.
    let part = serde_json::to_string_pretty(&json!({"definitions": {"policy": wanted}})).unwrap();
    let (_, part) = part.split_once('{').unwrap();
    let (_, part) = part.split_once('{').unwrap();
    fs::write(repository::path_of(SCHEMA), format!("{before}{part}\n")).unwrap();
}

/// An installation whose values say nothing of the policy has the policy that is compiled in.
#[test]
fn the_policy_of_the_values_is_the_default_one() {
    let read = |spec: &Value| strict::from_value::<PolicySpec>(spec).unwrap();
    let values = file("values.yaml");
    assert_eq!(
        read(&values["policy"]),
        read(&repository::shipped_policy()["spec"])
    );
    assert_eq!(values["mode"], "");
}
