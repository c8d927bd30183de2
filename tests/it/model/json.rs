//! Generated JSON: objects by their fields, and anything at all.

use proptest::collection::{hash_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// Generates an object of fields, each missing, `null` or present, by weight.
pub(crate) fn object(
    fields: Vec<(&'static str, u32, BoxedStrategy<Value>)>,
) -> BoxedStrategy<Value> {
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, weight, value)| {
            let value = prop_oneof![
                8 => Just(None),
                1 => Just(Some(Value::Null)),
                weight => value.prop_map(Some),
            ];
            (Just(name), value)
        })
        .collect();
    fields
        .prop_map(|fields| {
            let present = fields
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)));
            Value::Object(present.collect())
        })
        .boxed()
}

/// The words that berth reads.
const WORDS: [&str; 29] = [
    "metadata",
    "spec",
    "template",
    "jobTemplate",
    "labels",
    "annotations",
    "ownerReferences",
    "nodeSelector",
    "affinity",
    "nodeAffinity",
    "requiredDuringSchedulingIgnoredDuringExecution",
    "preferredDuringSchedulingIgnoredDuringExecution",
    "nodeSelectorTerms",
    "matchExpressions",
    "matchFields",
    "podAffinity",
    "podAntiAffinity",
    "topologySpreadConstraints",
    "topologyKey",
    "labelSelector",
    "matchLabels",
    "namespaceSelector",
    "tolerations",
    "containers",
    "resources",
    "limits",
    "key",
    "operator",
    "values",
];

/// Generates any JSON at all, made mostly of the words that berth reads (T38).
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        3 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        2 => ".{0,6}".prop_map(Value::from),
        2 => select(&WORDS[..]).prop_map(Value::from),
        2 => Just(json!({})),
        2 => Just(json!([])),
    ];
    let value = leaf.prop_recursive(6, 60, 5, |inner| {
        let key = prop_oneof![8 => select(&WORDS[..]).prop_map(str::to_owned), 1 => ".{0,6}"];
        prop_oneof![
            1 => vec(inner.clone(), 0..4).prop_map(Value::from),
            4 => hash_map(key, inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    // Half of them start like a pod, or nothing would ever be read to the end.
    (value.clone(), value, any::<bool>()).prop_map(|(a, b, shaped)| {
        if shaped {
            json!({"metadata": a, "spec": b})
        } else {
            a
        }
    })
}

/// Returns the JSON pointers to all that is in a value, itself included.
pub(crate) fn pointers(value: &Value) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut below = |key: &str, value: &Value| {
        let key = key.replace('~', "~0").replace('/', "~1");
        let pointers = pointers(value).into_iter();
        found.extend(pointers.map(|pointer| format!("/{key}{pointer}")));
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| below(key, value)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, value)| below(&index.to_string(), value)),
        _ => {}
    }
    found
}
