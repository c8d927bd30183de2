//! The check `unknown-pool`: the pool label names no pool.

use super::revision::Revision;
use super::wording::{clipped, nearest, own_pool_labels};

/// Reports a pool label whose value is no pool of the policy and is not that of the old revision.
pub(super) fn unknown_pool(new: &Revision<'_>, old: Option<&Revision<'_>>) -> Vec<String> {
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
