//! The namespaces whose labels are misspelt. berth keeps nothing of the others, since a cluster may have ten thousand.

use std::sync::Arc;

use rpds::RedBlackTreeMapSync;

use super::listing::Objects;
use crate::pod::{Namespace, NamespaceLabels};
use crate::policy::Policy;
use crate::validation::{NamespaceFault, misspelt_namespace};

/// The faults of each namespace that has any.
pub(super) type Misspelt = RedBlackTreeMapSync<Arc<str>, Vec<NamespaceFault>>;

/// The namespaces to judge, and all that the judgement depends on.
pub(super) struct Judging<'j> {
    pub(super) namespaces: &'j Objects<Arc<NamespaceLabels>>,
    pub(super) own: Option<&'j str>,
    pub(super) policy: &'j Policy,
}

impl Judging<'_> {
    /// Judges these namespaces anew. Returns each fault that was not there before, with its namespace; `None` if nothing
    /// has changed.
    pub(super) fn update<'n>(
        &self,
        misspelt: &mut Misspelt,
        names: impl Iterator<Item = &'n Arc<str>>,
    ) -> Option<Vec<(Arc<str>, NamespaceFault)>> {
        let mut newly = None;
        for name in names {
            let now = self.faults(name);
            let before = misspelt.get(name).map_or(&[][..], Vec::as_slice);
            if now == before {
                continue;
            }
            let new = now.iter().filter(|fault| !before.contains(fault));
            let new = new.map(|fault| (Arc::clone(name), fault.clone()));
            newly.get_or_insert_with(Vec::new).extend(new);
            if now.is_empty() {
                misspelt.remove_mut(name);
            } else {
                misspelt.insert_mut(Arc::clone(name), now);
            }
        }
        newly
    }

    /// Returns the faults of a namespace; none if it is gone, or if berth never touches it.
    fn faults(&self, name: &str) -> Vec<NamespaceFault> {
        let namespace = Namespace {
            name,
            labels: self.namespaces.get(name).map(Arc::as_ref),
            own: self.own == Some(name),
        };
        let judged = namespace.labels.filter(|_| !namespace.is_system());
        judged.map_or_else(Vec::new, |labels| misspelt_namespace(labels, self.policy))
    }
}
