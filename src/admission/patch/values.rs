//! The values that a patch adds, as JSON.

use crate::encoding::json::Writer;
use crate::node::Taint;
use crate::placement::{NewPreference, NewRequirement, NewToleration};

/// The required terms, in a node affinity.
pub(super) const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
/// The preferred terms, in a node affinity.
pub(super) const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// The requirements of a new term: on the node pool, and on the architecture.
pub(super) type NewTerm<'e> = [Option<NewRequirement<'e>>; 2];

/// Writes an object of one member.
pub(super) fn member(json: &mut Writer, key: &str, value: impl FnOnce(&mut Writer)) {
    json.raw("{");
    json.key(key);
    value(json);
    json.raw("}");
}

/// Writes pairs as an object.
pub(super) fn entries<K: AsRef<str>, V: AsRef<str>>(json: &mut Writer, entries: &[(K, V)]) {
    json.object(entries, |json, (key, value)| {
        json.key(key.as_ref());
        json.text(value.as_ref());
    });
}

/// Writes the metadata of a template that has none.
pub(super) fn metadata(
    json: &mut Writer,
    labels: &[(&str, &str)],
    annotations: &[(&str, impl AsRef<str>)],
) {
    if annotations.is_empty() {
        member(json, "labels", |json| entries(json, labels));
    } else if labels.is_empty() {
        member(json, "annotations", |json| entries(json, annotations));
    } else {
        json.raw(r#"{"labels":"#);
        entries(json, labels);
        json.raw(r#","annotations":"#);
        entries(json, annotations);
        json.raw("}");
    }
}

/// Writes the node affinity of a pod that has none.
pub(super) fn node_affinity(
    json: &mut Writer,
    term: Option<NewTerm<'_>>,
    added: Option<&NewPreference<'_>>,
) {
    json.raw("{");
    if let Some(term) = term {
        json.key(REQUIRED);
        terms(json, term);
    }
    if let Some(added) = added {
        if term.is_some() {
            json.raw(",");
        }
        json.key(PREFERRED);
        json.list([added], preference);
    }
    json.raw("}");
}

/// Writes the required terms of a pod that has none.
pub(super) fn terms(json: &mut Writer, term: NewTerm<'_>) {
    member(json, "nodeSelectorTerms", |json| {
        json.list([term], |json, term| {
            member(json, "matchExpressions", |json| expressions(json, term));
        });
    });
}

/// Writes the requirements of a term.
pub(super) fn expressions(json: &mut Writer, term: NewTerm<'_>) {
    json.list(term.into_iter().flatten(), expression);
}

/// Writes a requirement.
pub(super) fn expression(json: &mut Writer, requirement: NewRequirement<'_>) {
    json.raw(r#"{"key":"#);
    json.text(requirement.key);
    json.raw(r#","operator":"In","values":"#);
    json.list(requirement.values, |json, value| json.text(value));
    json.raw("}");
}

/// Writes a preference.
pub(super) fn preference(json: &mut Writer, added: &NewPreference<'_>) {
    json.raw(r#"{"weight":"#);
    json.number(NewPreference::WEIGHT.into());
    json.raw(r#","preference":{"matchExpressions":"#);
    expressions(json, [Some(added.requirement()), None]);
    json.raw("}}");
}

/// Writes the toleration of a taint.
pub(super) fn toleration(json: &mut Writer, added: NewToleration<'_>) {
    let Taint { key, value, effect } = added.0;
    json.raw(r#"{"key":"#);
    json.text(key);
    if value.is_empty() {
        json.raw(r#","operator":"Exists""#);
    } else {
        json.raw(r#","operator":"Equal","value":"#);
        json.text(value);
    }
    json.raw(r#","effect":"#);
    json.text(effect);
    json.raw("}");
}
