//! Pools that are dangerous over the node pools that there are: berth refuses a policy that has one.

use super::file::Binding;
use super::pool::{Pool, Side};
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

/// Returns the danger of a pool, if it has one. The path begins in the pool. Each side of a split is a placement of its
/// own.
pub(super) fn danger(pool: &Pool, catalogue: &Catalogue) -> Option<(Danger, FieldError)> {
    pool.sides().find_map(|side| of_side(side, catalogue))
}

fn of_side(side: Side<'_>, catalogue: &Catalogue) -> Option<(Danger, FieldError)> {
    let pool = side.pool;
    let mut first: Option<&NodePool> = None;
    for node_pool in side
        .node_pools()
        .iter()
        .filter_map(|name| catalogue.lasting(name))
    {
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
            return Some((Danger::MixedNodeLabels, side.error(message)));
        }
    }
    None
}
