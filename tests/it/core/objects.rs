//! The admission of what is no workload: namespaces and policies. And the rules of a policy that no pod reaches.

use berth::admission;
use berth::placement::Snapshot;
use berth::policy::unreached;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::harness::repository::{policy_with, shipped_policy};
use crate::harness::review::Review;
use crate::harness::snapshots::{default_snapshot, snapshot};
use crate::model::runs;

/// Returns a namespace with these labels of berth's.
fn namespace(name: &str, labels: &[(&str, &str)]) -> Value {
    let labels = labels.iter();
    let labels = labels.map(|(key, value)| (format!("placement.truemark.io/{key}"), json!(value)));
    json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": labels.collect::<Value>()},
    })
}

fn named(mut review: Review, name: &str) -> Review {
    review.request["name"] = json!(name);
    review
}

#[test]
fn a_namespace_is_judged_by_what_changes() {
    let snapshot = default_snapshot();
    let wrong = namespace(
        "shop",
        &[("arch", "graviton"), ("injection", "true"), ("team", "a")],
    );
    let created = named(Review::of(&wrong), "shop").validate(&snapshot);
    assert!(!created.allowed);
    assert_eq!(
        created.findings,
        ["unknown-architecture", "unknown-label", "unknown-label"]
    );
    let also = namespace(
        "shop",
        &[("arch", "graviton"), ("injection", "true"), ("team", "b")],
    );
    let updated = named(Review::of_update(&also, &wrong), "shop").validate(&snapshot);
    assert!(updated.allowed);
    assert_eq!(updated.findings, ["unknown-label"]);
    let [first, ..] = &updated.warnings[..] else {
        panic!("nobody is told");
    };
    assert!(first.contains("placement.truemark.io/team=b"), "{first}");
    let unchanged = named(Review::of_update(&wrong, &wrong), "shop").validate(&snapshot);
    assert!(unchanged.allowed && unchanged.warnings.is_empty());
    let system = named(Review::of(&wrong), "kube-system").validate(&snapshot);
    assert!(system.allowed && system.findings.is_empty());
}

#[test]
fn audit_warns_of_namespaces_and_off_is_silent() {
    let wrong = namespace("shop", &[("arch", "graviton"), ("injection", "true")]);
    let asked = |policy: &Value| {
        let snapshot = snapshot(&policy_with(policy), None).unwrap();
        named(Review::of(&wrong), "shop").validate(&snapshot)
    };
    let audit = asked(&json!({"mode": "Audit"}));
    assert!(audit.allowed);
    assert_eq!(
        audit.warnings,
        [
            "berth: unknown-architecture: placement.truemark.io/arch=graviton names",
            "    no architecture; write arch=arm64",
            "berth: unknown-label: placement.truemark.io/injection=true does not opt",
            "    in; write injection=enabled",
        ]
    );
    assert_eq!(audit.findings.len(), 2);
    let off = asked(&json!({"validation": {"unknownArchitecture": "Off", "unknownLabel": "Off"}}));
    assert!(off.allowed && off.findings.is_empty());
}

/// Returns the response to a review of a policy.
fn answered(review: Review) -> Value {
    let body = named(review, "default").body();
    let answer = admission::validate(&body, &default_snapshot()).unwrap();
    serde_json::from_slice::<Value>(&answer.body).unwrap()["response"].take()
}

#[test]
fn a_policy_is_refused_with_a_cause_for_each_mistake() {
    let wrong = policy_with(&json!({
        "modes": "\u{1b}[31m",
        "\u{1b}[31m": 1,
        "rules": [{"name": "jobs", "place": {"poool": "batch"}}],
    }));
    let status = answered(Review::of(&wrong))["status"].take();
    assert_eq!(
        (&status["code"], &status["reason"]),
        (&json!(422), &json!("Invalid"))
    );
    let message = status["message"].as_str().unwrap();
    assert!(message.contains("spec.rules[0].place.poool"), "{message}");
    let details = &status["details"];
    assert_eq!(
        (&details["kind"], &details["name"]),
        (&json!("PlacementPolicy"), &json!("default"))
    );
    let mut fields: Vec<&str> = details["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cause| cause["field"].as_str().unwrap())
        .collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        ["spec.modes", "spec.rules[0].place.poool", "spec[?[31m]"]
    );

    // A mistake of before keeps nobody from changing what is not the spec.
    let mut labelled = wrong.clone();
    labelled["metadata"]["labels"] = json!({"team": "a"});
    assert_eq!(
        answered(Review::of_update(&labelled, &wrong))["allowed"],
        true
    );
    assert_eq!(
        answered(Review::of_update(&wrong, &shipped_policy()))["allowed"],
        false
    );
    let right = answered(Review::of(&shipped_policy()));
    assert_eq!(
        (&right["allowed"], &right["warnings"]),
        (&json!(true), &Value::Null)
    );
}

/// berth goes on with the policy that it has, and the author hears why.
#[test]
fn a_policy_that_the_node_pools_make_dangerous_is_warned_of() {
    let soft = json!({"name": "default", "nodePools": ["arm64-default"], "binding": "Preferred"});
    let all = json!({"name": "all", "place": {"pool": "default"}});
    let policy = policy_with(&json!({"pools": [soft], "rules": [all]}));
    let response = answered(Review::of(&policy));
    assert_eq!(response["allowed"], true);
    let warnings = response["warnings"].to_string();
    assert!(warnings.contains("until that is mended"), "{warnings}");
}

#[test]
fn a_policy_of_another_group_is_not_read() {
    let mut others = policy_with(&json!({"rules": "none"}));
    others["apiVersion"] = json!("example.com/v1");
    assert_eq!(answered(Review::of(&others))["allowed"], true);
}

#[test]
fn a_thousand_mistakes_are_a_screen() {
    let many: serde_json::Map<String, Value> = (0..1000)
        .map(|number| (format!("x{number}{}", "y".repeat(1000)), json!(1)))
        .collect();
    let status = answered(Review::of(&policy_with(&Value::Object(many))))["status"].take();
    assert_eq!(status["details"]["causes"].as_array().unwrap().len(), 9);
    assert!(
        status.to_string().len() < 12_000,
        "{}",
        status.to_string().len()
    );
}

/// Generates the conditions of a rule, of few kinds, so that many hide one another.
fn conditions() -> impl Strategy<Value = Value> {
    let operator = select(vec![
        ("In", 1),
        ("In", 2),
        ("NotIn", 1),
        ("NotIn", 2),
        ("Exists", 0),
        ("DoesNotExist", 0),
    ]);
    let expression = (operator, any::<bool>()).prop_map(|((operator, count), is_turned)| {
        let mut values = vec!["x", "y"];
        if is_turned {
            values.reverse();
        }
        values.truncate(count);
        json!({"key": "a", "operator": operator, "values": values})
    });
    let selector = proptest::collection::vec(expression, 0..3)
        .prop_map(|expressions| json!({"matchExpressions": expressions}));
    let accounts = select(vec![json!(["s"]), json!(["s", "t"])]);
    (
        proptest::option::of(selector),
        proptest::option::of(accounts),
    )
        .prop_map(|(labels, accounts)| {
            let mut conditions = json!({});
            if let Some(labels) = labels {
                conditions["labels"] = labels;
            }
            if let Some(accounts) = accounts {
                conditions["serviceAccounts"] = accounts;
            }
            conditions
        })
}

/// Returns the name of the rule that matches a pod with this label and service account.
fn matched(snapshot: &Snapshot, label: Option<&str>, account: &str) -> Option<String> {
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a"},
        "spec": {"serviceAccountName": account, "containers": []},
    });
    if let Some(value) = label {
        pod["metadata"]["labels"] = json!({"a": value});
    }
    Review::of(&pod).mutate(snapshot).rule
}

proptest! {
    #![proptest_config(runs::usual())]

    /// A rule that is said to be unreached gets no pod.
    #[test]
    fn no_pod_reaches_an_unreached_rule(all in proptest::collection::vec(conditions(), 1..5)) {
        let rules: Vec<Value> = all
            .iter()
            .enumerate()
            .map(|(number, conditions)| {
                json!({"name": format!("r{number}"), "match": conditions, "place": {"leaveAlone": true}})
            })
            .collect();
        let snapshot = snapshot(&policy_with(&json!({"rules": rules})), Some(&[])).unwrap();
        let unreached: Vec<String> = unreached(&snapshot.policy)
            .map(|found| found.rule.name.to_string())
            .collect();
        for label in [None, Some("x"), Some("y"), Some("z")] {
            for account in ["s", "t", "u"] {
                let rule = matched(&snapshot, label, account);
                prop_assert!(rule.is_none_or(|rule| !unreached.contains(&rule)), "{label:?} {account}");
            }
        }
    }
}
