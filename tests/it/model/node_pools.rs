//! Generated node pools.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::{Value, json};

use super::names::{ARCH, CAPACITY_TYPE, CPU, CRITICAL_ADDONS, NODE_POOL, ZONE};

const TEAM: &str = "example.com/team";

/// Generates a node pool as an entry of a policy's catalogue, without its node label.
pub(crate) fn node_pool(name: &'static str) -> BoxedStrategy<Value> {
    let requirement = |key: &'static str, values: &'static [&'static str]| {
        subsequence(values, 1..=values.len())
            .prop_map(move |values| json!({"key": key, "operator": "In", "values": values}))
            .boxed()
    };
    let of_arch = prop_oneof![
        4 => requirement(ARCH, &["amd64", "arm64"]),
        1 => Just(json!({"key": "beta.kubernetes.io/arch", "operator": "NotIn", "values": ["arm64"]})),
    ];
    let of_zone = prop_oneof![
        requirement(ZONE, &["eu-1a", "eu-1b"]),
        Just(json!({"key": ZONE, "operator": "NotIn", "values": ["eu-1b"]})),
    ];
    let of_cpu = prop_oneof![
        requirement(CPU, &["4", "8", "12"]),
        Just(json!({"key": CPU, "operator": "Gt", "values": ["7"]})),
        Just(json!({"key": CPU, "operator": "Lte", "values": ["4"]})),
    ];
    let of_team = prop_oneof![
        requirement(TEAM, &["red", "blue"]),
        Just(json!({"key": TEAM, "operator": "Exists"})),
        Just(json!({"key": TEAM, "operator": "DoesNotExist"})),
    ];
    let requirements = (
        option::weighted(0.9, of_arch),
        option::weighted(0.7, requirement(CAPACITY_TYPE, &["spot", "on-demand"])),
        option::weighted(0.2, of_zone),
        option::weighted(0.2, of_cpu),
        option::weighted(0.2, of_team),
    );
    (requirements, taints(name))
        .prop_map(move |((arch, capacity, zone, cpu, team), taints)| {
            let requirements: Vec<Value> = [arch, capacity, zone, cpu, team]
                .into_iter()
                .flatten()
                .collect();
            json!({"name": name, "requirements": requirements, "taints": taints})
        })
        .boxed()
}

fn taints(name: &str) -> BoxedStrategy<Value> {
    prop_oneof![
        3 => Just(json!([])),
        3 => Just(json!([{"key": NODE_POOL, "value": name, "effect": "NoSchedule"}])),
        1 => Just(json!([{"key": "example.com/odd", "effect": "NoExecute"}])),
        1 => Just(json!([
            {"key": NODE_POOL, "value": name, "effect": "NoSchedule"},
            {"key": "example.com/odd", "effect": "NoExecute"},
        ])),
        1 => Just(json!([{"key": CRITICAL_ADDONS, "value": "true", "effect": "NoSchedule"}])),
        1 => Just(json!([
            {"key": "example.com/odd", "effect": "PreferNoSchedule"},
            {"key": ARCH, "value": "arm64", "effect": "NoSchedule"},
        ])),
    ]
    .boxed()
}
