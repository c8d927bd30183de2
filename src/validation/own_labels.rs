//! The labels and annotations of berth's own domain: those that there are, and the nearest to one that there is not.

use super::spelling::nearest;
use super::wording::clipped;
use crate::names::{ARCH_LABEL, DECISION_ANNOTATION, DOMAIN, INJECTION_LABEL, POOL_LABEL};
use crate::policy::Policy;

/// The labels that berth reads.
const LABELS: [&str; 3] = [POOL_LABEL, ARCH_LABEL, INJECTION_LABEL];

/// The most faults of one object that are told.
pub(super) const FAULTS: usize = 8;

/// True if berth, or a rule or a pool of the policy, reads labels of this key.
pub(super) fn is_label(key: &str, policy: &Policy) -> bool {
    LABELS.contains(&key) || policy.reads_of_pod(key) || policy.reads_of_namespace(key)
}

/// True if berth, or a pool of the policy, writes annotations of this key.
pub(super) fn is_annotation(key: &str, policy: &Policy) -> bool {
    key == DECISION_ANNOTATION
        || policy
            .pools()
            .iter()
            .any(|pool| pool.annotations.contains_key(key))
}

/// Returns the fault of a label that nothing reads, and the remedy.
pub(super) fn unknown_label(key: &str) -> [String; 2] {
    let fault = format!("berth reads no label {}", shown(key));
    [fault, meant(key)]
}

/// Returns the fault of an annotation that nothing reads, and the remedy.
pub(super) fn unknown_annotation(key: &str) -> [String; 2] {
    if LABELS.contains(&key) {
        let fault = format!("{} is a label, and has no effect here", shown(key));
        return [fault, "move it to metadata.labels".to_owned()];
    }
    let fault = format!("berth reads no annotation {}", shown(key));
    [fault, meant(key)]
}

/// Returns the key that a misspelt one most likely stands for, or all that there are.
fn meant(key: &str) -> String {
    let name = key.strip_prefix(DOMAIN).unwrap_or(key);
    let names = LABELS.map(|label| label.strip_prefix(DOMAIN).unwrap_or(label));
    match nearest(name, &names) {
        Some(near) => format!("did you mean {DOMAIN}{near}?"),
        None => format!("it reads {}", LABELS.join(", ")),
    }
}

/// Returns a key, with its name bounded.
fn shown(key: &str) -> String {
    let name = key.strip_prefix(DOMAIN).unwrap_or(key);
    format!("{DOMAIN}{}", clipped(name))
}
