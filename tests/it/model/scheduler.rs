//! What kube-scheduler does, written from its rules over plain values: the oracle of the laws.

use std::collections::BTreeMap;

use serde_json::Value;

/// A node's labels.
pub(crate) type Labels = BTreeMap<String, String>;

/// Whether the selectors of a pod's spec allow a node with these labels.
pub(crate) fn allows(spec: &Value, node: &Labels) -> bool {
    let selected = match &spec["nodeSelector"] {
        Value::Object(selector) => selector.iter().all(|(key, value)| {
            node.get(key).map(String::as_str) == Some(value.as_str().unwrap_or_default())
        }),
        _ => true,
    };
    let required =
        &spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    selected
        && (required.is_null()
            || items(&required["nodeSelectorTerms"])
                .iter()
                .any(|term| term_matches(term, node)))
}

/// A list's items; none where there is no list.
pub(crate) fn items(list: &Value) -> &[Value] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn term_matches(term: &Value, node: &Labels) -> bool {
    let expressions = items(&term["matchExpressions"]);
    let fields = items(&term["matchFields"]);
    // An empty term matches nothing; a field names the node, and these nodes have no names.
    !expressions.is_empty()
        && fields.is_empty()
        && expressions
            .iter()
            .all(|expression| expression_matches(expression, node))
}

fn expression_matches(expression: &Value, node: &Labels) -> bool {
    let key = expression["key"].as_str().unwrap_or_default();
    requirement_matches(expression, node.get(key).map(String::as_str))
}

/// Whether a requirement allows the value that a node has for its label.
pub(crate) fn requirement_matches(requirement: &Value, value: Option<&str>) -> bool {
    let values: Vec<&str> = items(&requirement["values"])
        .iter()
        .map(|value| value.as_str().unwrap_or_default())
        .collect();
    let numbers = || {
        let [bound] = values[..] else { return None };
        Some((value?.parse::<i64>().ok()?, bound.parse::<i64>().ok()?))
    };
    match requirement["operator"].as_str().unwrap_or_default() {
        "In" => value.is_some_and(|value| values.contains(&value)),
        "NotIn" => value.is_none_or(|value| !values.contains(&value)),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => numbers().is_some_and(|(value, bound)| value > bound),
        "Lt" => numbers().is_some_and(|(value, bound)| value < bound),
        "Gte" => numbers().is_some_and(|(value, bound)| value >= bound),
        "Lte" => numbers().is_some_and(|(value, bound)| value <= bound),
        // The scheduler fails on an operator that it does not know; one that comes later excludes who knows what.
        _ => true,
    }
}

/// Whether a pod's tolerations tolerate a taint for good.
pub(crate) fn tolerates(spec: &Value, taint: &Value) -> bool {
    items(&spec["tolerations"]).iter().any(|toleration| {
        let bounded = !toleration["tolerationSeconds"].is_null() && taint["effect"] == "NoExecute";
        let compares = toleration["operator"] == "Gt" || toleration["operator"] == "Lt";
        !bounded && !compares && admits(toleration, taint)
    })
}

/// Whether a toleration lets a pod onto a node with a taint, be it for a while, on a cluster that has every operator.
pub(crate) fn admits(toleration: &Value, taint: &Value) -> bool {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let [key, operator, value, effect] =
        ["key", "operator", "value", "effect"].map(|field| text(&toleration[field]));
    let effect = effect.is_empty() || effect == text(&taint["effect"]);
    let same_key = key == text(&taint["key"]);
    let numbers = || {
        let taint = text(&taint["value"]).parse::<i64>().ok()?;
        Some((taint, value.parse::<i64>().ok()?))
    };
    let tolerated = match operator.as_str() {
        "Exists" => key.is_empty() || same_key,
        "" | "Equal" => same_key && value == text(&taint["value"]),
        "Gt" => same_key && numbers().is_some_and(|(taint, bound)| taint > bound),
        "Lt" => same_key && numbers().is_some_and(|(taint, bound)| taint < bound),
        _ => false,
    };
    effect && tolerated
}
