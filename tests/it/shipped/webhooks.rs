//! The registration of berth at the API server: no webhook that ships can lock a cluster.

use std::collections::BTreeSet;

use berth::placement::exemption;
use serde_json::{Value, json};

use super::manifests::{patches, the};
use crate::harness::repository;
use crate::model::scheduler::items;

/// The namespaces that a webhook must never be called for.
const NEVER: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];

/// The webhooks that are asked about objects without a namespace, and what they are asked about.
const UNSCOPED: [(&str, &str); 2] = [
    ("namespaces.placement.truemark.io", "namespaces"),
    ("policies.placement.truemark.io", "placementpolicies"),
];

/// Asserts what must hold for every webhook of every configuration and overlay (R6.1).
fn judge_webhook(webhook: &Value) {
    let name = webhook["name"].as_str().unwrap();
    let expected = [
        ("admissionReviewVersions", json!(["v1"])),
        ("sideEffects", json!("None")),
        ("matchPolicy", json!("Equivalent")),
    ];
    for (field, value) in expected {
        assert_eq!(webhook[field], value, "{name}: {field}");
    }
    let timeout = webhook["timeoutSeconds"].as_u64().unwrap();
    assert!((1..=3).contains(&timeout), "{name}: {timeout}");
    let is_unscoped = UNSCOPED.iter().any(|(unscoped, _)| *unscoped == name);
    let scope = if is_unscoped { "Cluster" } else { "Namespaced" };
    for rule in items(&webhook["rules"]) {
        assert_eq!(rule["scope"], scope, "{name}");
        for field in ["apiGroups", "apiVersions", "resources", "operations"] {
            for value in items(&rule[field]) {
                let value = value.as_str().unwrap();
                assert!(!value.contains(['*', '/']), "{name}: {field}: {value}");
                assert!(!["replicasets", "daemonsets", "replicationcontrollers"].contains(&value));
            }
        }
    }
    let excluded: BTreeSet<&str> = items(&webhook["namespaceSelector"]["matchExpressions"])
        .iter()
        .filter(|expression| {
            expression["key"] == "kubernetes.io/metadata.name" && expression["operator"] == "NotIn"
        })
        .flat_map(|expression| items(&expression["values"]))
        .filter_map(Value::as_str)
        .collect();
    if name == "policies.placement.truemark.io" {
        // Policies are in no namespace, and what is refused by mistake is one object that berth alone reads.
        assert!(excluded.is_empty());
        return;
    }
    for namespace in NEVER.iter().chain(&["berth-system"]) {
        assert!(excluded.contains(namespace), "{name}: {namespace}");
    }
    // The code too leaves alone what the registration leaves out.
    for namespace in excluded {
        let unknown = berth::pod::Namespace {
            name: namespace,
            ..Default::default()
        };
        let (metadata, spec) = Default::default();
        let pod = berth::pod::Pod {
            metadata: &metadata,
            spec: &spec,
            controller: None,
        };
        assert!(exemption(&pod, &unknown).is_some(), "{namespace}");
    }
    let path = &webhook["clientConfig"]["service"]["path"];
    assert!(path == "/mutate" || path == "/validate", "{name}: {path}");
}

#[test]
fn webhooks_cannot_lock_a_cluster() {
    let mutating = the("MutatingWebhookConfiguration");
    let validating = the("ValidatingWebhookConfiguration");
    let webhooks = [&mutating, &validating].map(|value| items(&value["webhooks"]));
    for webhook in webhooks.into_iter().flatten() {
        judge_webhook(webhook);
        assert_eq!(webhook["failurePolicy"], "Ignore");
        let name = webhook["name"].as_str().unwrap();
        let opted_in = &webhook["namespaceSelector"]["matchLabels"];
        if let Some((_, resource)) = UNSCOPED.iter().find(|(unscoped, _)| *unscoped == name) {
            // A namespace is judged before it has opted in, and nothing else comes with it.
            assert!(opted_in.is_null(), "{name}");
            assert_eq!(webhook["rules"].as_array().unwrap().len(), 1, "{name}");
            assert_eq!(webhook["rules"][0]["resources"], json!([resource]));
            continue;
        }
        assert_eq!(
            *opted_in,
            json!({"placement.truemark.io/injection": "enabled"})
        );
    }
    for webhook in items(&mutating["webhooks"]) {
        assert_eq!(webhook["reinvocationPolicy"], "IfNeeded");
        assert_eq!(webhook["clientConfig"]["service"]["path"], "/mutate");
        // It is asked about pods as they are created, and about nothing else (R1.1).
        let rules: Vec<_> = items(&webhook["rules"])
            .iter()
            .map(|rule| (rule["resources"].clone(), rule["operations"].clone()))
            .collect();
        assert_eq!(rules, [(json!(["pods"]), json!(["CREATE"]))]);
    }
    for webhook in items(&validating["webhooks"]) {
        assert_eq!(webhook["clientConfig"]["service"]["path"], "/validate");
    }
    // Configurations are called in the order of their names (R5.10).
    assert!(mutating["metadata"]["name"].as_str().unwrap() > "z");
}

/// `berth check` knows a condition by its name. The expression has to speak of what the name promises.
#[test]
fn match_conditions_are_what_their_names_say() {
    let known = [
        ("not-daemonset", "'DaemonSet'"),
        ("not-bound", "object.spec.nodeName"),
        ("not-mirror", "'kubernetes.io/config.mirror'"),
        ("made-by-hand", "object.metadata.ownerReferences"),
        ("placement-changed", "oldObject.spec"),
        ("labels-changed", "'placement.truemark.io/'"),
        ("spec-changed", "object.spec != oldObject.spec"),
    ];
    let configurations = [
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
    ]
    .map(the);
    let webhooks = configurations
        .iter()
        .flat_map(|value| items(&value["webhooks"]));
    let conditions: Vec<&Value> = webhooks
        .flat_map(|webhook| items(&webhook["matchConditions"]))
        .collect();
    assert_eq!(conditions.len(), known.len());
    for (condition, (name, word)) in conditions.into_iter().zip(known) {
        assert_eq!(condition["name"], name);
        assert!(
            condition["expression"].as_str().unwrap().contains(word),
            "{condition}"
        );
    }
}

#[test]
fn no_overlay_adds_a_webhook_that_could_lock_a_cluster() {
    for file in repository::files_below("deploy/overlays") {
        if !patches(&file).contains(&file) {
            continue;
        }
        for patch in repository::values_of(&repository::text_of(&file)) {
            let added = items(&patch)
                .iter()
                .filter(|operation| operation["path"] == "/webhooks/-");
            added.for_each(|operation| judge_webhook(&operation["value"]));
        }
    }
}
