//! Generated pods.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::labels::{NODE_POOLS, Vocabulary, any_label, value_of};
use super::names::{ARCH, NODE_POOL, PREFERRED, REQUIRED};

/// The part of a generated pod that concerns its node.
#[derive(Debug, Clone)]
pub(crate) struct Sketch {
    pub(crate) labels: Map<String, Value>,
    pub(crate) spec: Value,
    pub(crate) of_a_job: bool,
}

/// Generates a requirement of a pod, with every operator that the API server accepts.
pub(crate) fn requirement(vocabulary: &'static Vocabulary) -> BoxedStrategy<Value> {
    let about = any_label(vocabulary.labels).prop_flat_map(|label| {
        let key = label.key;
        let listed = |operator: &'static str| {
            vec(value_of(label), 1..=label.values.len().min(3))
                .prop_map(move |values| json!({"key": key, "operator": operator, "values": values}))
        };
        let absent = if key == NODE_POOL {
            "Exists"
        } else {
            "DoesNotExist"
        };
        prop_oneof![
            12 => listed("In"),
            5 => listed("NotIn"),
            2 => Just(json!({"key": key, "operator": "Exists"})),
            1 => Just(json!({"key": key, "operator": absent})),
        ]
    });
    let bound = select(vocabulary.bounds).prop_flat_map(|(key, bounds)| {
        let bounds = prop_oneof![19 => select(bounds), 1 => Just("five")];
        (select(vec!["Gt", "Lt"]), bounds).prop_map(
            move |(operator, bound)| json!({"key": key, "operator": operator, "values": [bound]}),
        )
    });
    prop_oneof![9 => about, 1 => bound].boxed()
}

fn term(vocabulary: &'static Vocabulary) -> impl Strategy<Value = Value> {
    let filled = |sizes| vec(requirement(vocabulary), sizes);
    prop_oneof![
        30 => filled(1..=3).prop_map(|list| json!({"matchExpressions": list})),
        1 => Just(json!({})),
    ]
}

fn affinity(vocabulary: &'static Vocabulary) -> impl Strategy<Value = Value> {
    let required =
        prop_oneof![4 => vec(term(vocabulary), 1..=1), 4 => vec(term(vocabulary), 2..=3)];
    let preferred = vec(
        (
            prop_oneof![2 => 1..=100_u8, 1 => Just(100)],
            vec(requirement(vocabulary), 1..=2),
        ),
        1..=2,
    );
    (
        option::weighted(0.7, required),
        option::weighted(0.35, preferred),
    )
        .prop_map(|(required, preferred)| {
            let mut affinity = Map::new();
            if let Some(terms) = required {
                affinity.insert(REQUIRED.to_owned(), json!({"nodeSelectorTerms": terms}));
            }
            if let Some(terms) = preferred {
                let terms = terms.into_iter().map(|(weight, list)| {
                    json!({"weight": weight, "preference": {"matchExpressions": list}})
                });
                affinity.insert(PREFERRED.to_owned(), terms.collect());
            }
            json!({"nodeAffinity": affinity})
        })
}

fn toleration() -> impl Strategy<Value = Value> {
    let of_a_node_pool = (
        prop_oneof![4 => select(&NODE_POOLS[..]), 1 => Just("truemark")],
        select(vec!["NoSchedule", "NoExecute", ""]),
    )
        .prop_map(|(name, effect)| match effect {
            "" => json!({"key": NODE_POOL, "operator": "Equal", "value": name}),
            _ => json!({"key": NODE_POOL, "value": name, "effect": effect}),
        });
    let others = select(vec![
        json!({"operator": "Exists"}),
        json!({"operator": "Exists", "effect": "NoSchedule"}),
        json!({"key": NODE_POOL, "operator": "Exists"}),
        json!({"key": NODE_POOL, "operator": "Exists", "effect": "NoSchedule"}),
        json!({"key": ARCH, "operator": "Equal", "value": "arm64", "effect": "NoSchedule"}),
        json!({"key": ARCH, "value": "arm64", "effect": "NoExecute"}),
        json!({"key": "example.com/odd", "operator": "Exists"}),
        json!({"key": "example.com/odd", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 3600}),
        json!({"key": "example.com/odd", "value": "very", "effect": "PreferNoSchedule"}),
    ]);
    prop_oneof![3 => of_a_node_pool, 2 => others]
}

/// Generates a pod that speaks of these labels.
pub(crate) fn pod(vocabulary: &'static Vocabulary) -> BoxedStrategy<Sketch> {
    let pool = prop_oneof![
        12 => Just(None),
        4 => Just(Some("default")),
        4 => Just(Some("truemark")),
        4 => Just(Some("batch")),
        1 => Just(Some("trumark")),
    ];
    let arch = prop_oneof![
        6 => Just(None),
        2 => select(vec![Some("amd64"), Some("arm64")]),
        3 => Just(Some("any")),
    ];
    let entry =
        any_label(vocabulary.labels).prop_flat_map(|label| (Just(label.key), value_of(label)));
    let selector = prop_oneof![
        5 => Just(vec![]),
        3 => vec(entry.clone(), 1..=1),
        1 => vec(entry, 2..=2),
    ];
    let tolerations = prop_oneof![
        3 => Just(vec![]),
        2 => vec(toleration(), 1..=3),
    ];
    (
        (pool, arch),
        selector,
        option::weighted(0.6, affinity(vocabulary)),
        tolerations,
        prop_oneof![4 => Just(false), 1 => Just(true)],
    )
        .prop_map(
            |((pool, arch), selector, affinity, tolerations, of_a_job)| {
                let mut labels = Map::new();
                for (name, value) in [("pool", pool), ("arch", arch)] {
                    let value =
                        value.map(|value| (format!("placement.truemark.io/{name}"), json!(value)));
                    labels.extend(value);
                }
                let selector: Map<String, Value> = selector
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), json!(value)))
                    .collect();
                let mut spec = json!({"nodeSelector": selector, "tolerations": tolerations});
                if let Some(affinity) = affinity {
                    spec["affinity"] = affinity;
                }
                Sketch {
                    labels,
                    spec,
                    of_a_job,
                }
            },
        )
        .boxed()
}
