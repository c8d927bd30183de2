//! Pools that are dangerous over the node pools that there are: berth refuses a policy that has one.

use super::file::Binding;
use super::pool::Pool;
use crate::encoding::field::FieldError;
use crate::node::{Catalogue, NodePool};

/// The reason why a pool is dangerous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Danger {
    /// The pool binds `Preferred`, and has a tainted node pool: the toleration, with no binding beside it, would let pods
    /// run on more nodes than before.
    PreferredOnTainted,
    /// The nodes of its node pools carry their names as different labels. berth binds a pod to them by a single
    /// requirement.
    MixedNodeLabels,
}

impl Danger {
    /// Returns the remedy.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::PreferredOnTainted => "bind it Required, or name node pools without taints",
            Self::MixedNodeLabels => "make a pool for each of the labels",
        }
    }
}

/// Returns the danger of a pool, if it has one. The path begins in the pool.
pub(super) fn danger(pool: &Pool, catalogue: &Catalogue) -> Option<(Danger, FieldError)> {
    let names = pool.node_pools.iter();
    let mut first: Option<&NodePool> = None;
    for node_pool in names.filter_map(|name| catalogue.lasting(name)) {
        let name = node_pool.name();
        if let (Binding::Preferred, Some(taint)) = (pool.binding, node_pool.taints().first()) {
            let message = format!(
                "pool {:?}: Preferred needs node pools without taints, and {name} has {taint}",
                pool.name
            );
            let error = FieldError::new(message).in_field("binding");
            return Some((Danger::PreferredOnTainted, error));
        }
        let first = *first.get_or_insert(node_pool);
        if node_pool.node_label() != first.node_label() {
            let message = format!(
                "pool {:?}: one pool needs node pools of one node label: {} has {}, and {name} has {}",
                pool.name,
                first.name(),
                first.node_label(),
                node_pool.node_label()
            );
            let error = FieldError::new(message).in_field("nodePools");
            return Some((Danger::MixedNodeLabels, error));
        }
    }
    None
}
