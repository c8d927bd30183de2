//! The chart, as far as it can be judged without Helm. The cluster tests install it.

use serde_json::Value;

use crate::harness::repository;
use crate::model::scheduler::items;

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

/// The chart cannot reach these files, and has copies of all that the kustomizations name.
#[test]
fn the_chart_has_what_the_monitoring_has() {
    for (directory, files) in [
        ("deploy/monitoring", "resources"),
        ("deploy/monitoring/dashboard", "configMapGenerator"),
    ] {
        let text = repository::text_of(format!("{directory}/kustomization.yaml"));
        let kustomization = &repository::values_of(&text)[0];
        let files = match files {
            "resources" => &kustomization[files],
            _ => &kustomization[files][0]["files"],
        };
        assert!(!items(files).is_empty(), "{directory}");
        for file in items(files) {
            let original = format!("{directory}/{}", file.as_str().unwrap());
            let copy = original.replace("deploy/", "deploy/charts/berth/");
            assert!(
                repository::text_of(&original) == repository::text_of(&copy),
                "copy {original} to {copy}"
            );
        }
    }
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

/// Every field that can be set has a default, and a comment beside it.
#[test]
fn values_and_their_schema_have_the_same_fields() {
    let schema = file("values.schema.json");
    let mut known = fields(&schema, |schema| &schema["properties"], "");
    // A chart gives these to the charts that are a part of it.
    known.retain(|path| !["/global", "/enabled"].contains(&path.as_str()));
    let mut given = fields(&file("values.yaml"), |value| value, "");
    // Kubernetes judges the content of this one.
    given.retain(|path| !path.starts_with("/resources/"));
    known.sort();
    given.sort();
    assert_eq!(known, given);
}
