//! The check `label-on-workload`: a label stands on the workload, where it has no effect, and not on its pod template.

use super::wording::pool_labels;
use crate::forecast::Revision;
use crate::names::{ARCH_LABEL, INJECTION_LABEL, POOL_LABEL};

/// Reports the misplaced labels that the old revision lacks.
pub(super) fn label_on_workload(new: &Revision<'_>, old: Option<&Revision<'_>>) -> Vec<String> {
    let found = misplaced(new);
    let known = old.map(misplaced).unwrap_or_default();
    let added = found.into_iter().filter(|label| !known.contains(label));
    let lines = added.map(|(path, key)| format!("{path}.labels[{key}] has no effect there"));
    let mut lines: Vec<String> = lines.collect();
    if !lines.is_empty() {
        lines.push(format!("move it to {}", new.field("metadata.labels")));
    }
    lines
}

/// Returns the labels that stand above a template and not on it, each as the path of its metadata and its key.
fn misplaced<'a>(revision: &Revision<'a>) -> Vec<(&'static str, &'a str)> {
    let mut keys: Vec<&str> = vec![POOL_LABEL, ARCH_LABEL, INJECTION_LABEL];
    for key in pool_labels(&revision.snapshot.policy) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let template = revision.pod().metadata;
    let mut found = Vec::new();
    for (path, metadata) in revision.workload.above.iter().flatten() {
        let misplaced = keys.iter().filter(|key| {
            // On a pod only `disabled` has a meaning: namespaces opt in, pods do not.
            let asks = metadata
                .label(key)
                .is_some_and(|value| **key != INJECTION_LABEL || value == "disabled");
            asks && template.label(key).is_none()
        });
        found.extend(misplaced.map(|key| (*path, *key)));
    }
    found
}
