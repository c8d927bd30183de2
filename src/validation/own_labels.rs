//! The labels and annotations of berth's own domain: those that there are, and the nearest to one that there is not.

use crate::encoding::spelling::nearest;
use crate::encoding::wording::clipped;
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

/// Returns what a misspelt key most likely stands for, or all that there are.
fn meant(key: &str) -> String {
    match nearest_name(key) {
        Some(near) => format!("did you mean {DOMAIN}{near}?"),
        None => format!("it reads {}", LABELS.join(", ")),
    }
}

/// Returns the label that a misspelt key most likely stands for, without the domain.
pub(super) fn nearest_name(key: &str) -> Option<&'static str> {
    nearest(name(key), &LABELS.map(name))
}

/// Returns a key without the domain.
pub(super) fn name(key: &str) -> &str {
    key.strip_prefix(DOMAIN).unwrap_or(key)
}

/// Returns a key or a value as a message shows it: of bounded length, without control characters.
pub(super) fn shown(text: &str) -> String {
    let name = name(text);
    let domain = &text[..text.len() - name.len()];
    format!("{domain}{}", clipped(name).escape_debug())
}
