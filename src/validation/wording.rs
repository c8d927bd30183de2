//! The labels and the paths that the checks name.

use crate::forecast::Revision;
use crate::names::POOL_LABEL;
use crate::policy::Policy;

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
