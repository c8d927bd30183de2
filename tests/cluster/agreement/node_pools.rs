//! The common part of the generated node pools of every provider.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

use super::labels::OWN;
use super::names::{ARCH, NODE_POOL};

/// The taint that nodes start with until it is removed.
pub(super) const STARTUP: &str = "example.com/starting";

/// The requirements and the labels of a node pool's template.
pub(crate) type Offer = (Vec<Value>, Map<String, Value>);

/// Generates a requirement of a node pool for some of the values, in every form.
pub(crate) fn offered(key: &'static str, values: &'static [&'static str]) -> BoxedStrategy<Value> {
    let some = || subsequence(values, 1..values.len().max(2));
    prop_oneof![
        6 => some().prop_map(move |values| json!({"key": key, "operator": "In", "values": values})),
        2 => some().prop_map(move |values| json!({"key": key, "operator": "NotIn", "values": values})),
        1 => Just(json!({"key": key, "operator": "Exists"})),
    ]
    .boxed()
}

/// Generates a requirement of a node pool on a label that only node pools give to nodes.
pub(crate) fn custom(key: &'static str, values: &'static [&'static str]) -> BoxedStrategy<Value> {
    prop_oneof![
        6 => offered(key, values),
        1 => Just(json!({"key": key, "operator": "DoesNotExist"})),
    ]
    .boxed()
}

/// Generates a bound of a node pool to a label that is a number.
pub(crate) fn numeric(
    key: &'static str,
    bounds: &'static [&'static str],
) -> impl Strategy<Value = Value> {
    (select(vec!["Gt", "Lt", "Gte", "Lte"]), select(bounds)).prop_map(
        move |(operator, bound)| json!({"key": key, "operator": operator, "values": [bound]}),
    )
}

/// Generates a node pool for these pods, whose template offers what a provider's generator says.
pub(crate) fn node_pool(
    name: &'static str,
    pods: &[String],
    node_class: Value,
    offer: impl Strategy<Value = Offer> + 'static,
) -> BoxedStrategy<Value> {
    let own = json!({"key": OWN, "operator": "In", "values": pods});
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
    (offer, taints, startup, option::of(1..=100_u8))
        .prop_map(move |((offered, labels), taints, startup, weight)| {
            let mut requirements = vec![own.clone()];
            requirements.extend(offered);
            let mut spec = json!({
                // No pod moves while the test looks at it.
                "disruption": {"consolidationPolicy": "WhenEmpty", "consolidateAfter": "Never"},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        "nodeClassRef": node_class,
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
        })
        .boxed()
}
