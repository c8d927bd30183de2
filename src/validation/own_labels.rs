//! The labels and annotations of berth's own domain: those that there are, and the nearest to one that there is not.

use crate::encoding::spelling::nearest;
use crate::encoding::wording::clipped;
use crate::names::{
    ARCH_LABEL, BASE_ANNOTATION, CAPACITY_LABEL, DECISION_ANNOTATION, DOMAIN, INJECTION_LABEL,
    PERCENTAGE_ANNOTATION, POOL_LABEL,
};
use crate::policy::{Capacity, Policy, Split};

/// The labels that berth reads under every policy.
const LABELS: [&str; 3] = [POOL_LABEL, ARCH_LABEL, INJECTION_LABEL];

/// All labels that berth reads.
const ALL_LABELS: [&str; 4] = [POOL_LABEL, ARCH_LABEL, INJECTION_LABEL, CAPACITY_LABEL];

/// The annotations with the numbers of a split, each with its largest value.
pub(super) const NUMBERS: [(&str, u32); 2] = [
    (BASE_ANNOTATION, Split::MOST_BASE),
    (PERCENTAGE_ANNOTATION, Split::MOST_PERCENTAGE),
];

/// The most faults of one object that are told.
pub(super) const FAULTS: usize = 8;

/// True if berth, or a rule or a pool of the policy, reads labels of this key.
pub(super) fn is_label(key: &str, policy: &Policy) -> bool {
    ALL_LABELS.contains(&key) || policy.reads_of_pod(key) || policy.reads_of_namespace(key)
}

/// True if berth, or a pool of the policy, writes annotations of this key.
pub(super) fn is_annotation(key: &str, policy: &Policy) -> bool {
    key == DECISION_ANNOTATION
        || NUMBERS.iter().any(|(number, _)| *number == key)
        || policy
            .pools()
            .iter()
            .any(|pool| pool.annotations.contains_key(key))
}

/// Returns the fault of a label that nothing reads, and the remedy.
pub(super) fn unknown_label(key: &str) -> [String; 2] {
    if NUMBERS.iter().any(|(number, _)| *number == key) {
        let fault = format!("{} is an annotation, and has no effect here", shown(key));
        return [fault, "move it to metadata.annotations".to_owned()];
    }
    let fault = format!("berth reads no label {}", shown(key));
    [fault, meant(key)]
}

/// Returns the fault of an annotation that nothing reads, and the remedy.
pub(super) fn unknown_annotation(key: &str) -> [String; 2] {
    if ALL_LABELS.contains(&key) {
        let fault = format!("{} is a label, and has no effect here", shown(key));
        return [fault, "move it to metadata.labels".to_owned()];
    }
    let fault = format!("berth reads no annotation {}", shown(key));
    let numbers = NUMBERS.map(|(number, _)| name(number));
    match nearest(name(key), &numbers) {
        Some(near) => [fault, format!("did you mean {DOMAIN}{near}?")],
        None => [fault, meant(key)],
    }
}

/// Returns the fault of the value of the label for a pod's side, if it has one.
pub(super) fn capacity_fault(value: &str, policy: &Policy) -> Option<String> {
    if !policy.has_split() {
        return Some("no pool of the policy is split, so it has no effect; remove it".to_owned());
    }
    value.parse::<Capacity>().is_err().then(|| {
        format!(
            "{:?} is neither on-demand nor spot, and a split pool takes no such pod; without the label berth chooses",
            clipped(value)
        )
    })
}

/// Returns the fault of the value of an annotation with a number of a split, if it has one.
pub(super) fn number_fault(key: &str, value: &str, policy: &Policy) -> Option<String> {
    let (_, most) = NUMBERS.iter().find(|(number, _)| *number == key)?;
    if !policy.has_split() {
        return Some("no pool of the policy is split, so it has no effect; remove it".to_owned());
    }
    let number = value.parse::<u32>().ok().filter(|number| number <= most);
    number.is_none().then(|| {
        format!(
            "{:?} is no number from 0 to {most}, so the pool's own number counts",
            clipped(value)
        )
    })
}

/// Returns what a misspelt key most likely stands for, or all that there are.
fn meant(key: &str) -> String {
    match nearest(name(key), &ALL_LABELS.map(name)) {
        Some(near) => format!("did you mean {DOMAIN}{near}?"),
        None => format!("it reads {}", LABELS.join(", ")),
    }
}

/// Returns the label of a namespace that a misspelt key most likely stands for, without the domain.
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
