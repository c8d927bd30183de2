//! The laws that hold for every object, policy and cluster, whoever wrote them. The fuzz targets include this file by its path.

use std::collections::{BTreeMap, BTreeSet};

use berth::placement::{Reason, Siblings, Snapshot};
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::Pod;
use serde_json::Value;

use super::scheduler::{self, Labels};
use super::selectors::{alternatives, worth_trying};
use crate::harness::review::{Review, template_path};

/// Returns the laws that an object breaks when it is created in a namespace that has opted in.
pub(crate) fn broken(object: &Value, snapshot: &Snapshot) -> Vec<String> {
    broken_as(object, object.to_string(), snapshot)
}

/// Returns the same for an object that is written in a way of its own.
pub(crate) fn broken_as(object: &Value, text: String, snapshot: &Snapshot) -> Vec<String> {
    broken_among(object, text, snapshot, Some(&Siblings::default()))
}

/// Returns the same for a pod whose controller has these pods; `None` if berth may not see them.
pub(crate) fn broken_among(
    object: &Value,
    text: String,
    snapshot: &Snapshot,
    siblings: Option<&Siblings>,
) -> Vec<String> {
    let review = Review {
        object: text,
        ..Review::of(object)
    };
    let verdict = review.mutate_among(snapshot, siblings);
    let mut broken = Vec::new();
    if review.mutate_among(snapshot, siblings).bytes != verdict.bytes {
        broken.push("deterministic: the same review has two answers".to_owned());
    }
    if review.validate(snapshot).bytes != review.validate(snapshot).bytes {
        broken.push("deterministic: the same review has two verdicts".to_owned());
    }
    if verdict.patch.is_empty() {
        return broken;
    }
    if verdict.mode != "Enforce" {
        broken.push("audit: a decision that is not carried out has a patch".to_owned());
    }
    let operations = verdict.patch.iter();
    broken.extend(operations.filter_map(|operation| only_adds(operation, object)));
    match verdict.patched(object) {
        Ok(patched) => {
            broken.extend(broken_by(object, &patched, &review.kind));
            broken.extend(not_once(&patched, verdict.reason, snapshot));
        }
        Err(error) => broken.push(format!("always applies: {error}")),
    }
    broken
}

/// Returns the laws that the patched object breaks, held against the original.
pub(crate) fn broken_by(object: &Value, patched: &Value, kind: &str) -> Vec<String> {
    let mut broken = Vec::new();
    if let Some(path) = changed(object, patched, "") {
        broken.push(format!("only add: {path} is not as it was"));
    }
    if let (Ok(()), Err(error)) = (decoded(object), decoded(patched)) {
        broken.push(format!(
            "always applies: the result does not decode: {error}"
        ));
    }
    let path = template_path(kind);
    let [before, after] = [object, patched].map(|object| &object.pointer(path).unwrap()["spec"]);
    broken.extend(widened(before, after));
    broken
}

/// Reports a patched object that is patched again, or for which another reason is given, whatever pods its controller has by
/// then.
fn not_once(patched: &Value, reason: Reason, snapshot: &Snapshot) -> Option<String> {
    let expected = match reason {
        Reason::Placed => Reason::AlreadyPlaced,
        other => other,
    };
    let review = Review::of(patched);
    let counted =
        [(0, 0), (9, 0), (0, 9)].map(|(on_demand, spot)| Some(Siblings::counted(on_demand, spot)));
    let mut again = [None]
        .iter()
        .chain(&counted)
        .map(|siblings| review.mutate_among(snapshot, siblings.as_ref()));
    let differs = again.find(|again| !again.patch.is_empty() || again.reason != expected)?;
    Some(format!(
        "twice is once: {} after {reason}, with {:?}",
        differs.reason, differs.patch
    ))
}

/// Reports an operation that does anything but add something where there is nothing.
pub(crate) fn only_adds(operation: &Value, object: &Value) -> Option<String> {
    let fields: BTreeSet<&str> = operation.as_object()?.keys().map(String::as_str).collect();
    let path = operation["path"].as_str()?;
    // An operation on the addition of an earlier one goes unseen: it touches nothing that the author wrote.
    let there = object.pointer(path).is_some_and(|value| !value.is_null());
    (operation["op"] != "add" || fields != BTreeSet::from(["op", "path", "value"]) || there)
        .then(|| format!("only add: {operation}"))
}

/// Returns the first place where a value is not what it was: maps keep their entries, and lists keep their beginning.
pub(crate) fn changed(before: &Value, after: &Value, path: &str) -> Option<String> {
    match (before, after) {
        (Value::Null, _) => None,
        (Value::Object(before), Value::Object(after)) => before.iter().find_map(|(key, value)| {
            let path = format!("{path}/{key}");
            match after.get(key) {
                Some(after) => changed(value, after, &path),
                None => Some(path),
            }
        }),
        (Value::Array(before), Value::Array(after)) if before.len() <= after.len() => before
            .iter()
            .zip(after)
            .enumerate()
            .find_map(|(index, (before, after))| {
                changed(before, after, &format!("{path}/{index}"))
            }),
        _ => (before != after).then(|| path.to_owned()),
    }
}

/// Reads an object as the API server does.
fn decoded(object: &Value) -> Result<(), String> {
    fn decode<T: serde::de::DeserializeOwned>(object: &Value) -> Result<(), String> {
        serde_json::from_value::<T>(object.clone())
            .map(drop)
            .map_err(|error| error.to_string())
    }
    match object["kind"].as_str() {
        Some("Job") => decode::<Job>(object),
        Some("CronJob") => decode::<CronJob>(object),
        Some("Deployment") => decode::<Deployment>(object),
        Some("StatefulSet") => decode::<StatefulSet>(object),
        _ => decode::<Pod>(object),
    }
}

/// Returns a node that the patched pod may use and the original may not, if one of many is such a node.
pub(crate) fn widened(before: &Value, after: &Value) -> Option<String> {
    let requirements: Vec<Value> = [before, after]
        .into_iter()
        .flat_map(alternatives)
        .flat_map(|alternative| alternative.requirements)
        .collect();
    let mut by_key: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for requirement in &requirements {
        let key = requirement["key"].as_str().unwrap_or_default();
        by_key.entry(key).or_default().push(requirement);
    }
    let candidates: Vec<(&str, Vec<Option<String>>)> = by_key
        .into_iter()
        .map(|(key, requirements)| (key, worth_trying(requirements).into_iter().collect()))
        .collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..200).find_map(|_| {
        let mut node = Labels::new();
        for (key, values) in &candidates {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let picked = usize::try_from(state >> 33).unwrap() % values.len();
            if let Some(value) = &values[picked] {
                node.insert((*key).to_owned(), value.clone());
            }
        }
        (scheduler::allows(after, &node) && !scheduler::allows(before, &node))
            .then(|| format!("never widen: {node:?}"))
    })
}
