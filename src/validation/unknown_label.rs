//! The check `unknown-label`: a label or an annotation of berth's own domain that has no effect, for its key or its value.

use super::own_labels::{
    FAULTS, capacity_fault, is_annotation, is_label, number_fault, unknown_annotation,
    unknown_label as unknown,
};
use crate::encoding::wording::clipped;
use crate::forecast::Revision;
use crate::names::{CAPACITY_LABEL, DOMAIN, INJECTION_LABEL};
use crate::pod::Metadata;
use crate::policy::Policy;

/// The values of the injection label that mean something on a pod. Namespaces opt in, and a pod that says so too does no
/// harm.
const INJECTION: [&str; 2] = ["disabled", "enabled"];

/// Reports the labels and annotations without effect that the old revision lacks.
pub(super) fn unknown_label(new: &Revision<'_>, old: Option<&Revision<'_>>) -> Vec<String> {
    let mut found = faults(new);
    if found.is_empty() {
        return found;
    }
    let known = old.map(faults).unwrap_or_default();
    found.retain(|line| !known.contains(line));
    let rest = found.len().saturating_sub(FAULTS);
    found.truncate(FAULTS);
    if rest > 0 {
        found.push(format!("and {rest} more"));
    }
    found
}

/// Returns the faults of the pods' metadata, and of that above their template, each as one line.
fn faults(revision: &Revision<'_>) -> Vec<String> {
    let policy = &*revision.snapshot.policy;
    let above = revision.workload.above.iter().flatten();
    let mut faults: Vec<String> = above
        .flat_map(|(path, metadata)| faults_of(path, metadata, policy))
        .collect();
    let path = revision.field("metadata");
    faults.extend(faults_of(&path, revision.pod().metadata, policy));
    faults
}

fn faults_of(path: &str, metadata: &Metadata<'_>, policy: &Policy) -> Vec<String> {
    let mut faults = Vec::new();
    let labels = metadata.labels.iter();
    for (key, value) in labels.flat_map(|labels| labels.under(DOMAIN)) {
        if key == INJECTION_LABEL && !INJECTION.contains(&value) {
            faults.push(format!(
                "{path}.labels[{key}]: {:?} has no effect; disabled leaves the pod alone",
                clipped(value)
            ));
        } else if key == CAPACITY_LABEL {
            let fault = capacity_fault(value, policy);
            faults.extend(fault.map(|fault| format!("{path}.labels[{key}]: {fault}")));
        } else if !is_label(key, policy) {
            let [fault, remedy] = unknown(key);
            faults.push(format!("{path}.labels: {fault}; {remedy}"));
        }
    }
    let annotations = metadata.annotations.iter();
    for key in annotations.flat_map(|annotations| annotations.under(DOMAIN)) {
        if !is_annotation(key, policy) {
            let [fault, remedy] = unknown_annotation(key);
            faults.push(format!("{path}.annotations: {fault}; {remedy}"));
        } else if let Some(value) = metadata.annotation(key) {
            let fault = number_fault(key, &value, policy);
            faults.extend(fault.map(|fault| format!("{path}.annotations[{key}]: {fault}")));
        }
    }
    faults
}
