//! The check `unknown-pool`: the pool label of the pod, or of its namespace, names no pool.

use super::wording::own_pool_labels;
use crate::encoding::spelling::nearest;
use crate::encoding::wording::clipped;
use crate::forecast::Revision;
use crate::policy::Policy;

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
        let field = new.field("metadata.labels");
        return lines(&field, key, name, policy);
    }
    let Some((key, name)) = of_namespace(new) else {
        return Vec::new();
    };
    // Both revisions are in one namespace: an update brings its label to bear if another rule matched before.
    if policy.pool(name).is_some() || old.and_then(of_namespace) == Some((key, name)) {
        return Vec::new();
    }
    let field = format!("namespace {}: labels", new.namespace.name);
    lines(&field, key, name, policy)
}

/// Returns the label of the namespace by which the pod gets its pool, with its value.
fn of_namespace<'a>(revision: &Revision<'a>) -> Option<(&'a str, &'a str)> {
    if revision.workload.has_controller() {
        // A namespace gets its label under workloads that run already: their controllers go on.
        return None;
    }
    let labels = revision.namespace.labels?;
    let rule = revision.decision.rule?;
    let key = rule.place.namespace_label()?;
    Some((key, labels.get(key)?))
}

fn lines(field: &str, key: &str, name: &str, policy: &Policy) -> Vec<String> {
    let pools: Vec<&str> = policy.pools().iter().map(|pool| &*pool.name).collect();
    let remedy = match nearest(name, &pools) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("use one of {}", pools.join(", ")),
    };
    vec![
        format!("{field}[{key}]: {:?} names no pool", clipped(name)),
        remedy,
    ]
}
