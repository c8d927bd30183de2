//! Generated node pools.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

use super::labels::{DISK, GENERATION, OWN, TEAM, ZONES};
use super::names::{ARCH, CAPACITY_TYPE, NODE_POOL, OS, ZONE};

/// The taint that nodes start with until it is removed.
pub(super) const STARTUP: &str = "example.com/starting";

/// Generates a requirement of a node pool for some of the values, in every form.
fn offered(key: &'static str, values: &'static [&'static str]) -> BoxedStrategy<Value> {
    let some = || subsequence(values, 1..values.len().max(2));
    prop_oneof![
        6 => some().prop_map(move |values| json!({"key": key, "operator": "In", "values": values})),
        2 => some().prop_map(move |values| json!({"key": key, "operator": "NotIn", "values": values})),
        1 => Just(json!({"key": key, "operator": "Exists"})),
    ]
    .boxed()
}

/// Generates a requirement of a node pool on a label that only node pools give to nodes.
fn custom(key: &'static str, values: &'static [&'static str]) -> BoxedStrategy<Value> {
    prop_oneof![
        6 => offered(key, values),
        1 => Just(json!({"key": key, "operator": "DoesNotExist"})),
    ]
    .boxed()
}

fn numeric() -> impl Strategy<Value = Value> {
    (
        select(vec!["Gt", "Lt", "Gte", "Lte"]),
        select(vec!["2", "3", "5", "6"]),
    )
        .prop_map(
            |(operator, bound)| json!({"key": GENERATION, "operator": operator, "values": [bound]}),
        )
}

pub(super) fn node_pool(name: &'static str, pods: &[String]) -> BoxedStrategy<Value> {
    let own = json!({"key": OWN, "operator": "In", "values": pods});
    let arch = prop_oneof![
        4 => offered(ARCH, &["amd64", "arm64"]),
        1 => offered("beta.kubernetes.io/arch", &["amd64", "arm64"]),
    ];
    let generation = prop_oneof![
        2 => custom(GENERATION, &["3", "5", "7"]).prop_map(|requirement| vec![requirement]),
        3 => vec(numeric(), 1..=2),
    ];
    let requirements = (
        option::weighted(0.7, arch),
        option::weighted(0.6, offered(CAPACITY_TYPE, &["spot", "on-demand"])),
        option::weighted(0.4, offered(ZONE, ZONES)),
        option::weighted(0.2, offered(OS, &["linux", "windows"])),
        option::weighted(0.5, custom(TEAM, &["red", "blue", "green"])),
        option::weighted(0.4, generation),
    );
    let labels = (
        option::weighted(0.3, select(vec!["red", "blue"])),
        option::weighted(0.4, select(vec!["ssd", "hdd"])),
    );
    let taint = |key: &'static str, value: Option<&'static str>, effect: &'static str| match value {
        Some(value) => json!({"key": key, "value": value, "effect": effect}),
        None => json!({"key": key, "effect": effect}),
    };
    let taints = prop_oneof![
        8 => Just(vec![]),
        5 => Just(vec![taint(NODE_POOL, Some(name), "NoSchedule")]),
        2 => Just(vec![taint(ARCH, Some("arm64"), "NoSchedule")]),
        1 => Just(vec![taint("example.com/odd", None, "NoExecute")]),
        1 => Just(vec![taint("example.com/odd", Some("very"), "PreferNoSchedule")]),
        1 => Just(vec![
            taint(NODE_POOL, Some(name), "NoSchedule"),
            taint("example.com/odd", Some("very"), "NoExecute"),
        ]),
    ];
    let startup = prop_oneof![
        6 => Just(vec![]),
        1 => Just(vec![taint(STARTUP, None, "NoSchedule")]),
    ];
    (
        requirements,
        labels,
        taints,
        startup,
        option::of(1..=100_u8),
    )
        .prop_map(
            move |(
                (arch, capacity, zone, os, team, generation),
                (red, disk),
                taints,
                startup,
                weight,
            )| {
                let mut labels = Map::new();
                labels.extend(disk.map(|disk| (DISK.to_owned(), json!(disk))));
                // A node pool does not name a label twice, since its meaning would be unclear.
                if team.is_none() {
                    labels.extend(red.map(|red| (TEAM.to_owned(), json!(red))));
                }
                let requirements: Vec<Value> = [Some(own.clone()), arch, capacity, zone, os, team]
                    .into_iter()
                    .flatten()
                    .chain(generation.unwrap_or_default())
                    .collect();
                let mut spec = json!({
                    // No pod moves while the test looks at it.
                    "disruption": {"consolidationPolicy": "WhenEmpty", "consolidateAfter": "Never"},
                    "template": {
                        "metadata": {"labels": labels},
                        "spec": {
                            "nodeClassRef": {
                                "group": "karpenter.kwok.sh",
                                "kind": "KWOKNodeClass",
                                "name": "default",
                            },
                            "requirements": requirements,
                            "taints": taints,
                            "startupTaints": startup,
                        },
                    },
                });
                if let Some(weight) = weight {
                    spec["weight"] = json!(weight);
                }
                json!({
                    "apiVersion": "karpenter.sh/v1",
                    "kind": "NodePool",
                    "metadata": {"name": name},
                    "spec": spec,
                })
            },
        )
        .boxed()
}
