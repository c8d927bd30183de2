//! Checks of labels: `unknown-pool` and `label-on-workload`.

use super::Side;
use super::wording::{clipped, nearest, own_pool_labels, pool_labels};
use crate::placement::{ARCH_LABEL, INJECTION_LABEL, POOL_LABEL};

/// The pool label names no pool.
pub(super) fn unknown_pool(new: &Side<'_>, old: Option<&Side<'_>>) -> Vec<String> {
    let policy = &new.snapshot.policy;
    for key in own_pool_labels(new) {
        let Some(name) = new.pod().metadata.label(key) else {
            continue;
        };
        let unchanged = old.is_some_and(|old| old.pod().metadata.label(key) == Some(name));
        if unchanged || policy.pool(name).is_some() {
            continue;
        }
        let pools: Vec<&str> = policy.pools().iter().map(|pool| &*pool.name).collect();
        let remedy = match nearest(name, &pools) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("use one of {}", pools.join(", ")),
        };
        let field = new.field("metadata.labels");
        return vec![
            format!("{field}[{key}]: {:?} names no pool", clipped(name)),
            remedy,
        ];
    }
    Vec::new()
}

/// A label stands on the workload, where it has no effect, and not on its pod template.
pub(super) fn label_on_workload(new: &Side<'_>, old: Option<&Side<'_>>) -> Vec<String> {
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

/// The labels that stand above a template and not on it: the path of their metadata, and their key.
fn misplaced<'a>(side: &Side<'a>) -> Vec<(&'static str, &'a str)> {
    let mut keys: Vec<&str> = vec![POOL_LABEL, ARCH_LABEL, INJECTION_LABEL];
    for key in pool_labels(&side.snapshot.policy) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let template = side.pod().metadata;
    let mut found = Vec::new();
    for (path, metadata) in side.workload.above.iter().flatten() {
        let misplaced = keys.iter().filter(|key| {
            // Only `disabled` means anything there: namespaces, not pods, opt in.
            let asks = metadata
                .label(key)
                .is_some_and(|value| **key != INJECTION_LABEL || value == "disabled");
            asks && template.label(key).is_none()
        });
        found.extend(misplaced.map(|key| (*path, *key)));
    }
    found
}
