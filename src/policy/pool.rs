//! Pools, which workloads ask for by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::file::Binding;
use super::selector::Selector;
use crate::pod::NamespaceLabels;

/// A pool: a set of node pools under the name that workloads ask for.
#[derive(Debug, Clone)]
pub struct Pool {
    /// The name that workloads ask for.
    pub name: Arc<str>,
    /// The names of its node pools, in the policy's order.
    pub node_pools: Vec<Arc<str>>,
    /// The binding of its pods to the node pools.
    pub binding: Binding,
    /// The annotations for every pod that is placed here.
    pub annotations: BTreeMap<String, String>,
    /// The selector of the namespaces that may use it. `None` means that every namespace may.
    pub namespaces: Option<Selector>,
}

impl Pool {
    /// True if pods of a namespace with these labels may use the pool. They may if the labels are unknown (`None`).
    #[must_use]
    pub fn is_open_to(&self, namespace: Option<&NamespaceLabels>) -> bool {
        let (Some(selector), Some(labels)) = (&self.namespaces, namespace) else {
            return true;
        };
        selector.matches(|key| labels.get(key))
    }
}
