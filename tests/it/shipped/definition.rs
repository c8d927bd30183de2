//! The definition of the custom resource: the file that is applied is made of the types, in a form that Kubernetes
//! accepts.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::LazyLock;

use berth::definition::definition;
use berth::label::{is_subdomain, valid_key, valid_value};
use berth::policy::{read_policy_object, read_policy_spec};
use proptest::{prop_assert_eq, proptest};
use regex::Regex;
use serde_json::{Value, json};

use crate::harness::repository;
use crate::model::runs;

/// Returns every schema of the definition, with its path.
fn schemas() -> Vec<(String, Value)> {
    let root = definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone();
    let mut found = Vec::new();
    let mut left = vec![(String::new(), root)];
    while let Some((path, schema)) = left.pop() {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            left.push((format!("{path}.{name}"), field.clone()));
        }
        for (key, suffix) in [("items", "[]"), ("additionalProperties", "[*]")] {
            if let Some(below) = schema.get(key) {
                left.push((format!("{path}{suffix}"), below.clone()));
            }
        }
        found.push((path, schema));
    }
    found
}

#[test]
fn the_definition_is_that_of_the_types() {
    let printed = Command::new(env!("CARGO_BIN_EXE_berth"))
        .arg("crd")
        .output()
        .unwrap();
    assert!(printed.status.success());
    let file = "deploy/charts/berth/crds/placementpolicies.yaml";
    assert!(
        repository::text_of(file).as_bytes() == printed.stdout,
        "{file} is not that of the types; make it anew:\n  cargo run -- crd > {file}"
    );
    assert_eq!(
        repository::values_of(&repository::text_of(file)),
        [definition()],
        "what is printed is what was meant"
    );
}

/// The API server's cost estimates assume the worst of a field without a bound, and anybody may have written a policy.
#[test]
fn every_field_is_bounded() {
    let unbounded: Vec<String> = schemas()
        .into_iter()
        .filter(|(_, schema)| {
            let bound = match schema["type"].as_str().unwrap_or_default() {
                "array" => "maxItems",
                "string" if schema.get("enum").is_none() => "maxLength",
                "object" if schema.get("properties").is_none() => "maxProperties",
                _ => return false,
            };
            schema[bound].as_u64().is_none()
        })
        .map(|(path, _)| path)
        .collect();
    assert!(unbounded.is_empty(), "{unbounded:?}");
}

/// A structural schema may have these keywords, and berth's has no others: no `$ref`, no `anyOf` and no `nullable`.
#[test]
fn the_schema_is_structural_and_describes_every_field() {
    let keywords = [
        "additionalProperties",
        "default",
        "description",
        "enum",
        "format",
        "items",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minimum",
        "pattern",
        "properties",
        "required",
        "type",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-list-type",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-validations",
    ];
    for (path, schema) in schemas() {
        for key in schema.as_object().unwrap().keys() {
            assert!(keywords.contains(&key.as_str()), "{path}: {key}");
        }
        assert!(schema["type"].is_string(), "{path}");
        let both =
            schema.get("properties").is_some() && schema.get("additionalProperties").is_some();
        assert!(!both, "{path}");
        let description = schema["description"].as_str().unwrap_or_default();
        // The list describes its items, if they are texts.
        let is_text = path.ends_with(']') && schema["type"] == "string";
        assert!(
            is_text || description.ends_with(['.', '?']),
            "{path}: {description:?}"
        );
        for rule in schema["x-kubernetes-validations"]
            .as_array()
            .into_iter()
            .flatten()
        {
            assert!(rule["message"].is_string(), "{path}: {rule}");
        }
    }
}

/// The patterns and the lengths of all fields that have both, by their paths.
static BOUNDS: LazyLock<BTreeMap<String, (Regex, u64)>> = LazyLock::new(|| {
    let bounded = schemas().into_iter().filter_map(|(path, schema)| {
        let pattern = Regex::new(schema["pattern"].as_str()?).unwrap();
        Some((path, (pattern, schema["maxLength"].as_u64()?)))
    });
    bounded.collect()
});

/// Returns a test for the texts that a field accepts, by the pattern and the length of its schema, as in the API
/// server.
fn takes(path: &str) -> impl Fn(&str) -> bool {
    let (pattern, most) = &BOUNDS[path];
    move |text| text.chars().count() as u64 <= *most && pattern.is_match(text)
}

proptest! {
    #![proptest_config(runs::usual())]

    /// A pattern accepts exactly what the code accepts.
    #[test]
    fn patterns_are_what_the_code_checks(
        text in "[aZ0./_-]{0,6}|[a.-]{0,4}[a.]{50,260}/?[aZ-]{0,3}|[a.]{0,3}/?[aZ_-]{58,66}|[a-c]{1,3}/[A-Z]{0,2}[a-z/é\n]{0,3}",
    ) {
        let name = takes(".spec.pools[].name");
        prop_assert_eq!(name(&text), !text.is_empty() && valid_value(&text).is_ok());
        let node_pool = takes(".spec.pools[].nodePools[]");
        prop_assert_eq!(node_pool(&text), text.len() <= 63 && is_subdomain(&text));
        let key = takes(".spec.rules[].place.poolFromLabel");
        prop_assert_eq!(key(&text), valid_key(&text).is_ok());
        let key = takes(".spec.rules[].place.poolFromNamespaceLabel");
        prop_assert_eq!(key(&text), valid_key(&text).is_ok());
        let value = takes(".spec.catalogue[].taints[].value");
        prop_assert_eq!(value(&text), valid_value(&text).is_ok());
        let controller = takes(".spec.rules[].match.controllers[]");
        let rule = json!({"name": "a", "match": {"controllers": [text]}, "place": {"pool": "batch"}});
        let read = read_policy_object(&repository::policy_with(&json!({"rules": [rule]})));
        prop_assert_eq!(controller(&text), read.is_ok());
    }
}

/// The API server never sees a file; berth holds it to the same bounds.
#[test]
fn a_file_is_bounded_like_an_object() {
    let long = "x".repeat(254);
    let many =
        |count: usize| -> Vec<String> { (0..count).map(|number| format!("n{number}")).collect() };
    let pool = |pool: Value| json!({"pools": [pool], "rules": []});
    let cases = [
        (
            pool(json!({"name": "a", "nodePools": many(33)})),
            "spec.pools[0].nodePools",
            "pool \"a\": has 33 items; at most 32 are allowed",
        ),
        (
            pool(json!({"name": "a", "nodePools": ["a"], "annotations": {"a": "é".repeat(1025)}})),
            "spec.pools[0].annotations.a",
            "pool \"a\": has 1025 characters; at most 1024 are allowed",
        ),
        (
            json!({"rules": [{"name": "a", "match": {"serviceAccounts": [long]}, "place": {"pool": "batch"}}]}),
            "spec.rules[0].match.serviceAccounts[0]",
            "rule \"a\": has 254 characters; at most 253 are allowed",
        ),
        (
            pool(json!({
                "name": "a",
                "nodePools": ["a"],
                "namespaces": {"matchLabels": many(33).into_iter().map(|key| (key, json!(""))).collect::<Value>()},
            })),
            "spec.pools[0].namespaces.matchLabels",
            "pool \"a\": has 33 entries; at most 32 are allowed",
        ),
    ];
    for (overrides, path, message) in cases {
        let policy = repository::policy_with(&overrides);
        let of_spec = read_policy_spec(&policy["spec"]);
        for error in [of_spec, read_policy_object(&policy)].map(Result::unwrap_err) {
            let found = (error.path.to_string(), error.message.as_str());
            assert_eq!(found, (path.to_owned(), message));
        }
    }
    // The bounds count characters, not bytes.
    let most = pool(json!({
        "name": "a",
        "nodePools": many(32),
        "annotations": {"a": "é".repeat(1024)},
    }));
    assert!(read_policy_object(&repository::policy_with(&most)).is_ok());
}

/// The API server refuses `null` for a field without a default, and so does berth in a file.
#[test]
fn null_is_no_value() {
    for (overrides, path) in [
        (
            json!({"pools": [{"name": "a", "nodePools": ["a"], "namespaces": null}]}),
            "spec.pools[0].namespaces",
        ),
        (
            json!({"rules": [{"name": "a", "place": {"pool": "batch", "poolFromLabel": null}}]}),
            "spec.rules[0].place.poolFromLabel",
        ),
    ] {
        let error = read_policy_object(&repository::policy_with(&overrides)).unwrap_err();
        assert_eq!(error.path.to_string(), path, "{error}");
    }
}
