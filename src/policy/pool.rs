//! A pool: what a workload asks for.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::file::Binding;
use super::selector::Selector;
use crate::pod::NamespaceLabels;

/// A pool: what a workload asks for.
#[derive(Debug, Clone)]
pub struct Pool {
    /// The name that workloads ask for.
    pub name: Arc<str>,
    /// The names of the node pools behind it, in the policy's order.
    pub node_pools: Vec<Arc<str>>,
    /// How its pods are bound.
    pub binding: Binding,
    /// Annotations for every pod that is placed here.
    pub annotations: BTreeMap<String, String>,
    /// The namespaces that may use it; every one, where absent.
    pub namespaces: Option<Selector>,
}

impl Pool {
    /// Whether pods of a namespace with these labels may use the pool. One whose labels are not known may.
    #[must_use]
    pub fn is_open_to(&self, namespace: Option<&NamespaceLabels>) -> bool {
        let (Some(selector), Some(labels)) = (&self.namespaces, namespace) else {
            return true;
        };
        selector.matches(|key| labels.get(key))
    }
}
