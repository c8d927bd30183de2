//! Generated node affinities.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::json::object;
use super::labels::label;
use super::names::{CPU, HOSTNAME, NODE_POOL, POOL_LABEL, PREFERRED, REQUIRED, ZONE};

/// Generates a requirement, with every operator that there is and one that there is not.
fn requirement() -> BoxedStrategy<Value> {
    let numeric = (
        select(vec!["Gt", "Lt", "Gte", "Lte"]),
        select(vec!["0", "4", "7", "x"]),
    )
        .prop_map(|(operator, bound)| json!({"key": CPU, "operator": operator, "values": [bound]}));
    let set = (label(), select(vec!["In", "In", "In", "NotIn"])).prop_flat_map(
        |((key, values), operator)| {
            // berth does not count the values between two bounds, so NotIn stays away from numbers.
            let operator = if key == CPU { "In" } else { operator };
            vec(select(values), 0..4)
                .prop_map(move |values| json!({"key": key, "operator": operator, "values": values}))
        },
    );
    let presence = (
        label(),
        select(vec!["Exists", "DoesNotExist", "Near"]),
        0..3_u8,
    )
        .prop_map(|((key, _), operator, values)| match values {
            0 => json!({"key": key, "operator": operator}),
            1 => json!({"key": key, "operator": operator, "values": null}),
            _ => json!({"key": key, "operator": operator, "values": []}),
        });
    prop_oneof![2 => numeric, 8 => set, 2 => presence].boxed()
}

fn term() -> BoxedStrategy<Value> {
    let expressions = vec(requirement(), 0..4).prop_map(Value::from);
    let filled =
        vec(requirement(), 1..4).prop_map(|expressions| json!({"matchExpressions": expressions}));
    let fields = prop_oneof![
        9 => Just(json!([])),
        1 => Just(json!([{"key": "metadata.name", "operator": "In", "values": ["n1"]}])),
    ];
    prop_oneof![
        3 => filled,
        1 => object(vec![
            ("matchExpressions", 8, expressions.boxed()),
            ("matchFields", 1, fields.boxed()),
        ]),
    ]
    .boxed()
}

/// Generates a node affinity, most often one that requires something.
pub(crate) fn node_affinity() -> BoxedStrategy<Value> {
    let terms = prop_oneof![
        1 => Just(json!([])),
        9 => vec(term(), 1..4).prop_map(Value::from),
    ];
    let ours = json!([{
        "weight": 100,
        "preference": {"matchExpressions": [
            {"key": NODE_POOL, "operator": "In", "values": ["amd64-default"]},
        ]},
    }]);
    // Ties, and weights that tie with berth's own preference, are as frequent as others.
    let weight = prop_oneof![1..101_u8, select(vec![1, 100])];
    let preferred = vec((weight, term()), 0..3).prop_map(|terms| {
        let terms = terms.into_iter();
        let terms = terms.map(|(weight, term)| json!({"weight": weight, "preference": term}));
        terms.collect::<Value>()
    });
    object(vec![
        (
            REQUIRED,
            24,
            object(vec![("nodeSelectorTerms", 80, terms.boxed())]),
        ),
        (
            PREFERRED,
            4,
            prop_oneof![4 => preferred, 1 => Just(ours)].boxed(),
        ),
    ])
}

/// Generates a pod affinity or anti-affinity, which selects the pod itself about as often as not.
pub(crate) fn pod_affinity() -> BoxedStrategy<Value> {
    let selector = select(label_selectors());
    let namespaces = select(vec![json!(["team-a"]), json!(["team-b"]), json!([])]);
    let namespace_selector = select(vec![
        json!({}),
        json!({"matchLabels": {"kubernetes.io/metadata.name": "team-b"}}),
    ]);
    let keys = select(vec![json!(["app"]), json!([POOL_LABEL]), json!(["tier"])]).boxed();
    let rest = object(vec![
        ("labelSelector", 40, selector.boxed()),
        ("namespaces", 2, namespaces.boxed()),
        ("namespaceSelector", 2, namespace_selector.boxed()),
        ("matchLabelKeys", 2, keys.clone()),
        ("mismatchLabelKeys", 2, keys),
    ]);
    let term = (select(vec![HOSTNAME, HOSTNAME, ZONE]), rest).prop_map(|(key, mut term)| {
        term["topologyKey"] = key.into();
        term
    });
    let required = vec(term, 0..3).prop_map(Value::from);
    object(vec![(REQUIRED, 40, required.boxed())])
}

/// Returns label selectors, some of which select the pod itself.
pub(crate) fn label_selectors() -> Vec<Value> {
    vec![
        json!({}),
        json!({"matchLabels": {"app": "web"}}),
        json!({"matchLabels": {"app": "db"}}),
        json!({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["db"]}]}),
        json!({"matchExpressions": [{"key": POOL_LABEL, "operator": "DoesNotExist"}]}),
        json!({"matchLabels": {POOL_LABEL: "default"}}),
    ]
}
