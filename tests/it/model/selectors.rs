//! A pod's selectors, taken apart: each way to satisfy them, and the one search for a value that does. The cluster tests
//! include this file by its path.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::names::{ALIASES, PREFERRED, REQUIRED};
use super::scheduler::{items, requirement_matches};

/// One way to satisfy a pod's selectors: its node selector together with one term of its required node affinity.
pub(crate) struct Alternative {
    /// The position of the term; `None` if the pod has no required node affinity.
    pub(crate) term: Option<usize>,
    /// True if no other term comes after it.
    pub(crate) is_last: bool,
    /// The requirements of both.
    pub(crate) requirements: Vec<Value>,
}

/// Returns one alternative for each term that is not empty. A field of a term names a node, and may name any.
pub(crate) fn alternatives(spec: &Value) -> Vec<Alternative> {
    let selected = labelled(&spec["nodeSelector"]);
    let required = &spec["affinity"]["nodeAffinity"][REQUIRED];
    if required.is_null() {
        return vec![Alternative {
            term: None,
            is_last: true,
            requirements: selected,
        }];
    }
    let terms = terms(spec);
    let is_filled = |term: &Value| {
        !items(&term["matchExpressions"]).is_empty() || !items(&term["matchFields"]).is_empty()
    };
    terms
        .iter()
        .enumerate()
        .filter(|(_, term)| is_filled(term))
        .map(|(position, term)| Alternative {
            term: Some(position),
            is_last: position + 1 == terms.len(),
            requirements: [&selected, items(&term["matchExpressions"])].concat(),
        })
        .collect()
}

/// Returns the terms of a pod's required node affinity.
pub(crate) fn terms(spec: &Value) -> &[Value] {
    items(&spec["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"])
}

/// Returns the heaviest preference of a pod; the first of several.
pub(crate) fn heaviest_preference(spec: &Value) -> Option<&Value> {
    let preferred = items(&spec["affinity"]["nodeAffinity"][PREFERRED]).iter();
    preferred.rev().max_by_key(|term| weight(term))
}

/// Returns the weight of a preference.
pub(crate) fn weight(preference: &Value) -> i64 {
    preference["weight"].as_i64().unwrap_or_default()
}

/// Returns the requirements that a map of labels stands for.
pub(crate) fn labelled(labels: &Value) -> Vec<Value> {
    let labels = labels.as_object().into_iter().flatten();
    labels.map(|(key, value)| one_of(key, [value])).collect()
}

/// Returns the requirement that a label has one of these values.
pub(crate) fn one_of<T: serde::Serialize>(key: &str, values: T) -> Value {
    json!({"key": key, "operator": "In", "values": values})
}

/// Returns the requirements on a label, given by its newer name.
pub(crate) fn on<'r>(requirements: &'r [Value], key: &str) -> impl Iterator<Item = &'r Value> {
    requirements
        .iter()
        .filter(move |requirement| key_of(requirement) == key)
}

/// True if a requirement is about the label.
pub(crate) fn constrains(requirements: &[Value], key: &str) -> bool {
    on(requirements, key).next().is_some()
}

/// True if all requirements on a label allow the value.
pub(crate) fn allow(requirements: &[Value], key: &str, value: Option<&str>) -> bool {
    on(requirements, key).all(|requirement| requirement_matches(requirement, value))
}

/// Returns the newer names of the labels that requirements are about.
pub(crate) fn keys(requirements: &[Value]) -> BTreeSet<&str> {
    requirements.iter().map(key_of).collect()
}

/// Returns the newer name of the label that a requirement is about.
pub(crate) fn key_of(requirement: &Value) -> &str {
    let key = requirement["key"].as_str().unwrap_or_default();
    let alias = ALIASES.iter().find(|(alias, _)| *alias == key);
    alias.map_or(key, |(_, name)| name)
}

/// Returns every value of a label that could tell these requirements apart: none, each that they list, the neighbours
/// of each number, and one that nobody lists. No value begins with a sign, since no label's does.
pub(crate) fn worth_trying<'r>(
    requirements: impl IntoIterator<Item = &'r Value>,
) -> BTreeSet<Option<String>> {
    let listed = requirements
        .into_iter()
        .flat_map(|requirement| items(&requirement["values"]))
        .filter_map(Value::as_str);
    let mut values = BTreeSet::from([None, Some("another".to_owned())]);
    for value in listed {
        values.insert(Some(value.to_owned()));
        if let Ok(number) = value.parse::<i64>() {
            values.insert(Some(number.saturating_sub(1).max(0).to_string()));
            values.insert(Some(number.saturating_add(1).to_string()));
        }
    }
    values
}

/// True if some node, whoever made it, could meet all of these requirements.
pub(crate) fn satisfiable(requirements: &[Value]) -> bool {
    keys(requirements).into_iter().all(|key| {
        let mut values = worth_trying(on(requirements, key)).into_iter();
        values.any(|value| allow(requirements, key, value.as_deref()))
    })
}
