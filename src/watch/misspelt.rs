//! The namespaces whose labels are misspelt. berth keeps nothing of the others, since a cluster may have ten thousand.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::listing::Objects;
use crate::pod::{Namespace, NamespaceLabels};
use crate::policy::Policy;
use crate::validation::{NamespaceFault, misspelt_namespace};

/// The faults of each namespace that has any.
pub(super) type Misspelt = BTreeMap<Arc<str>, Vec<NamespaceFault>>;

/// Returns the faults in the labels of all namespaces, but for those that berth never touches.
pub(super) fn misspelt(
    namespaces: &Objects<Arc<NamespaceLabels>>,
    own: Option<&str>,
    policy: &Policy,
) -> Misspelt {
    let is_judged = |name: &str| {
        let namespace = Namespace {
            name,
            labels: None,
            own: own == Some(name),
        };
        !namespace.is_system()
    };
    let judged = namespaces.iter().filter(|(name, _)| is_judged(name));
    let faults = judged.map(|(name, labels)| (name, misspelt_namespace(labels, policy)));
    let faults = faults.filter(|(_, faults)| !faults.is_empty());
    faults
        .map(|(name, faults)| (Arc::clone(name), faults))
        .collect()
}

/// Returns each fault that was not there before, with its namespace.
pub(super) fn newly(before: &Misspelt, now: &Misspelt) -> Vec<(Arc<str>, NamespaceFault)> {
    let mut newly = Vec::new();
    for (name, faults) in now {
        let known = before.get(name).map_or(&[][..], Vec::as_slice);
        let new = faults.iter().filter(|fault| !known.contains(fault));
        newly.extend(new.map(|fault| (Arc::clone(name), fault.clone())));
    }
    newly
}
