//! The words that the checks share. They stay short for any object.

use super::revision::Revision;
use crate::names::POOL_LABEL;
use crate::policy::Policy;

/// The most names of a list that a line shows.
const NAMES: usize = 4;

/// Returns the first 63 characters of a text: no label value is longer, so a line repeats no more.
pub(super) fn clipped(value: &str) -> &str {
    value
        .char_indices()
        .nth(63)
        .map_or(value, |(end, _)| &value[..end])
}

/// Returns the first distinct names in their order, and the number of the others.
pub(super) fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut shown: Vec<&str> = Vec::new();
    let mut rest = 0;
    for name in names {
        if shown.contains(&name) {
            continue;
        }
        if shown.len() < NAMES {
            shown.push(name);
        } else {
            rest += 1;
        }
    }
    let shown: Vec<&str> = shown.into_iter().map(clipped).collect();
    match rest {
        0 => shown.join(", "),
        rest => format!("{} and {rest} more", shown.join(", ")),
    }
}

/// Returns the label keys by which a pod can ask for a pool, in the order of the rules.
pub(super) fn pool_labels(policy: &Policy) -> impl Iterator<Item = &str> {
    policy.rules().iter().filter_map(|rule| rule.place.label())
}

/// Returns the label keys by which this pod can ask for a pool: berth's own, and that of the rule that matches the pod.
/// On this pod, another rule's key may mean something else.
pub(super) fn own_pool_labels<'a>(revision: &Revision<'a>) -> impl Iterator<Item = &'a str> {
    let policy = &*revision.snapshot.policy;
    let rule = policy.rule(revision.pod(), revision.namespace.labels);
    let of_rule = rule.and_then(|rule| rule.place.label());
    pool_labels(policy).filter(move |key| *key == POOL_LABEL || of_rule == Some(*key))
}

/// Returns the best label key to ask for a pool by: berth's own if a rule reads it. `None` if no rule reads a label.
pub(super) fn asking_label(policy: &Policy) -> Option<&str> {
    let usual = pool_labels(policy).find(|key| *key == POOL_LABEL);
    usual.or_else(|| pool_labels(policy).next())
}

/// Returns the path of a term of the required node affinity, by its position from 0.
pub(super) fn term(position: usize) -> String {
    format!(
        "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[{position}]"
    )
}

#[cfg(test)]
mod tests {
    use super::{clipped, listed};

    #[test]
    fn names_are_few_and_short() {
        let long = "x".repeat(100);
        assert_eq!(clipped(&long).len(), 63);
        assert_eq!(listed(["a", "b", "a"].into_iter()), "a, b");
        let many = ["a", "b", "c", "d", "e", "f"];
        assert_eq!(listed(many.into_iter()), "a, b, c, d and 2 more");
    }
}
