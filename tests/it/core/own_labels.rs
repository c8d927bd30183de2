//! Policies that look at the labels which berth adds: an accepted one gives a placed pod nothing more.

use berth::placement::Siblings;
use berth::policy::read_policy;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use crate::harness::repository::policy_with;
use crate::harness::snapshots::snapshot;
use crate::model::laws::broken_among;
use crate::model::names::{INJECTION_LABEL, POOL_LABEL};
use crate::model::runs;

const CAPACITY_LABEL: &str = "placement.truemark.io/capacity";
const TEAM: &str = "team";

/// Returns two pools, one of them split.
fn pools() -> Value {
    json!([
        {"name": "default", "nodePools": ["amd64-default"], "onDemand": {"nodePools": ["arm64-default"], "baseCapacity": 1}},
        {"name": "batch", "nodePools": ["amd64-batch", "arm64-batch"], "annotations": {"a": "b"}},
    ])
}

fn policy(rules: &[Value]) -> Value {
    policy_with(&json!({"pools": pools(), "rules": rules}))
}

/// Generates an expression on a label of the pod: values are names of pools, of sides, and others.
fn expression() -> impl Strategy<Value = Value> {
    let key = select(vec![POOL_LABEL, POOL_LABEL, CAPACITY_LABEL, TEAM]);
    let operator = select(vec!["In", "NotIn", "Exists", "DoesNotExist"]);
    let values = subsequence(vec!["default", "batch", "spot", "on-demand", "other"], 1..4);
    (key, operator, values).prop_map(|(key, operator, values)| match operator {
        "In" | "NotIn" => json!({"key": key, "operator": operator, "values": values}),
        _ => json!({"key": key, "operator": operator}),
    })
}

/// Returns a selector of namespaces whose pods berth leaves alone in any case.
fn not_opted_in() -> Value {
    json!({"matchExpressions": [{"key": INJECTION_LABEL, "operator": "NotIn", "values": ["enabled"]}]})
}

fn rule() -> impl Strategy<Value = Value> {
    let place = select(vec![
        json!({"pool": "default"}),
        json!({"pool": "batch"}),
        json!({"pool": "batch", "architecture": "arm64"}),
        json!({"poolFromLabel": POOL_LABEL}),
        json!({"poolFromLabel": CAPACITY_LABEL}),
        json!({"poolFromLabel": TEAM}),
        json!({"poolFromNamespaceLabel": TEAM}),
        json!({"leaveAlone": true}),
    ]);
    let controllers = subsequence(vec!["batch/Job", "apps/ReplicaSet"], 1..2);
    let namespaces = select(vec![
        json!({"matchLabels": {TEAM: "default"}}),
        json!({"matchLabels": {TEAM: "other"}}),
        not_opted_in(),
    ]);
    (
        vec(expression(), 0..3),
        option::weighted(0.3, controllers),
        option::weighted(0.2, namespaces),
        place,
    )
        .prop_map(|(labels, controllers, namespaces, place)| {
            let mut rule =
                json!({"match": {"labels": {"matchExpressions": labels}}, "place": place});
            if let Some(controllers) = controllers {
                rule["match"]["controllers"] = json!(controllers);
            }
            if let Some(namespaces) = namespaces {
                rule["match"]["namespaceLabels"] = namespaces;
            }
            rule
        })
}

fn rules() -> impl Strategy<Value = Vec<Value>> {
    vec(rule(), 1..5).prop_map(|mut rules| {
        for (position, rule) in rules.iter_mut().enumerate() {
            rule["name"] = format!("r{position}").into();
        }
        rules
    })
}

/// Returns pods with each combination of the labels and of the controllers that the rules look at, some of them for a device.
fn pods() -> Vec<Value> {
    let values = |key: &'static str, values: &'static [&'static str]| {
        let values = values.iter().map(move |value| Some((key, *value)));
        std::iter::once(None).chain(values).collect::<Vec<_>>()
    };
    let mut pods = Vec::new();
    for pool in values(POOL_LABEL, &["default", "batch", "other"]) {
        for side in values(CAPACITY_LABEL, &["spot", "on-demand"]) {
            for team in values(TEAM, &["default", "batch", "other"]) {
                for kind in [
                    None,
                    Some(("batch/v1", "Job")),
                    Some(("apps/v1", "ReplicaSet")),
                ] {
                    let labels = [pool, side, team].into_iter().flatten();
                    let labels: serde_json::Map<String, Value> = labels
                        .map(|(key, value)| (key.to_owned(), value.into()))
                        .collect();
                    let owners = kind.map(|(version, kind)| {
                        json!({"apiVersion": version, "kind": kind, "name": "o", "uid": "1", "controller": true})
                    });
                    let device = json!({"limits": {"nvidia.com/gpu": "1"}});
                    let resources = if pods.len() % 5 == 0 {
                        device
                    } else {
                        json!({})
                    };
                    pods.push(json!({
                        "apiVersion": "v1", "kind": "Pod",
                        "metadata": {"name": "p", "labels": labels, "ownerReferences": owners.into_iter().collect::<Vec<_>>()},
                        "spec": {"containers": [{"name": "c", "image": "i", "resources": resources}]},
                    }));
                }
            }
        }
    }
    pods
}

proptest! {
    #![proptest_config(runs::seldom())]

    #[test]
    fn a_policy_that_looks_at_own_labels_keeps_the_laws_or_is_refused(
        rules in rules(),
        pods in vec(select(pods()), 12),
    ) {
        let Ok(snapshot) = snapshot(&policy(&rules), None) else {
            return Ok(());
        };
        for pod in pods {
            for siblings in [Siblings::default(), Siblings::counted(1, 0)] {
                let broken = broken_among(&pod, pod.to_string(), &snapshot, Some(&siblings));
                prop_assert!(broken.is_empty(), "{pod:#}\n{}", broken.join("\n"));
            }
        }
    }
}

/// Whoever means these gets what they say.
#[test]
fn policies_that_look_at_own_labels_and_keep_pods_are_accepted() {
    let rule = |expressions: Value, place: Value| json!({"match": {"labels": {"matchExpressions": expressions}}, "place": place});
    let exists = |key: &str| json!({"key": key, "operator": "Exists"});
    let absent = |key: &str| json!({"key": key, "operator": "DoesNotExist"});
    let is = |key: &str, value: &str| json!({"key": key, "operator": "In", "values": [value]});
    let asked = rule(
        json!([exists(POOL_LABEL)]),
        json!({"poolFromLabel": POOL_LABEL}),
    );
    let all = |pool: &str| json!({"place": {"pool": pool}});
    let of_jobs = |mut rule: Value| {
        rule["match"]["controllers"] = json!(["batch/Job"]);
        rule
    };
    let by_hand = rule(
        json!([is(POOL_LABEL, "batch")]),
        json!({"leaveAlone": true}),
    );
    for rules in [
        // Those who ask for a pool get it, before or behind those who do not.
        vec![asked.clone(), all("default")],
        vec![
            of_jobs(rule(json!([absent(POOL_LABEL)]), json!({"pool": "batch"}))),
            rule(json!([absent(POOL_LABEL)]), json!({"pool": "default"})),
            json!({"place": {"poolFromLabel": POOL_LABEL}}),
        ],
        // A pool has another name, or one that the policy does not have.
        vec![
            rule(json!([is(POOL_LABEL, "spot")]), json!({"pool": "batch"})),
            asked.clone(),
            all("default"),
        ],
        vec![
            rule(json!([is(POOL_LABEL, "none")]), json!({"leaveAlone": true})),
            all("default"),
        ],
        // A rule for the pods of one pool adds an architecture.
        vec![
            rule(
                json!([is(POOL_LABEL, "batch")]),
                json!({"pool": "batch", "architecture": "arm64"}),
            ),
            of_jobs(all("batch")),
            all("default"),
        ],
        // Nothing of berth's gets the label that the rule takes pods by.
        vec![by_hand.clone(), all("default")],
        vec![
            rule(
                json!([is(POOL_LABEL, "batch"), exists(TEAM)]),
                json!({"leaveAlone": true}),
            ),
            rule(json!([absent(TEAM)]), json!({"pool": "batch"})),
        ],
        vec![
            json!({
                "match": {
                    "labels": {"matchExpressions": [exists(POOL_LABEL)]},
                    "namespaceLabels": not_opted_in(),
                },
                "place": {"leaveAlone": true},
            }),
            all("default"),
        ],
        // A rule before takes the pods first.
        vec![asked.clone(), by_hand.clone(), all("batch")],
        vec![
            of_jobs(asked.clone()),
            by_hand.clone(),
            of_jobs(all("batch")),
        ],
        // Sides.
        vec![
            rule(json!([exists(CAPACITY_LABEL)]), json!({"pool": "default"})),
            all("default"),
        ],
        vec![
            rule(
                json!([exists(CAPACITY_LABEL), exists(POOL_LABEL)]),
                json!({"poolFromLabel": POOL_LABEL}),
            ),
            asked,
            all("default"),
        ],
        vec![
            rule(
                json!([is(CAPACITY_LABEL, "spot")]),
                json!({"pool": "batch"}),
            ),
            all("batch"),
        ],
        vec![
            rule(
                json!([exists(CAPACITY_LABEL), absent(POOL_LABEL)]),
                json!({"leaveAlone": true}),
            ),
            all("default"),
        ],
    ] {
        let named = rules.into_iter().enumerate().map(|(position, mut rule)| {
            rule["name"] = format!("r{position}").into();
            rule
        });
        let named: Vec<Value> = named.collect();
        let read = read_policy(&policy(&named).to_string()).map(drop);
        assert_eq!(read, Ok(()), "{named:#?}");
    }
}
