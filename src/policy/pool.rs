//! Pools, which workloads ask for by name.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::file::Binding;
use super::selector::Selector;
use super::split::{Capacity, OnDemand};
use crate::encoding::field::FieldError;
use crate::pod::NamespaceLabels;

/// A pool: a set of node pools under the name that workloads ask for.
#[derive(Debug, Clone)]
pub struct Pool {
    /// The name that workloads ask for.
    pub name: Arc<str>,
    /// The names of its node pools, in the policy's order, without those of the on-demand side.
    pub node_pools: Vec<Arc<str>>,
    /// The on-demand side, if the pool is split.
    pub on_demand: Option<OnDemand>,
    /// The binding of its pods to the node pools.
    pub binding: Binding,
    /// The annotations for every pod that is placed here.
    pub annotations: BTreeMap<String, String>,
    /// The selector of the namespaces that may use it. `None` means that every namespace may.
    pub namespaces: Option<Selector>,
}

impl Pool {
    /// Returns the names of all its node pools, those of the on-demand side last.
    pub fn all_node_pools(&self) -> impl Iterator<Item = &Arc<str>> + Clone {
        let on_demand = self.on_demand.iter();
        self.node_pools
            .iter()
            .chain(on_demand.flat_map(|side| &side.node_pools))
    }

    /// True if the node pool is one of its own, on either side.
    #[must_use]
    pub fn has(&self, node_pool: &str) -> bool {
        self.all_node_pools().any(|name| **name == *node_pool)
    }

    /// Returns the names of the node pools of a side. A pool without a split has no on-demand side.
    #[must_use]
    pub fn side(&self, capacity: Capacity) -> &[Arc<str>] {
        match (capacity, &self.on_demand) {
            (Capacity::Spot, _) => &self.node_pools,
            (Capacity::OnDemand, Some(side)) => &side.node_pools,
            (Capacity::OnDemand, None) => &[],
        }
    }

    /// Returns the sides of the pool. A pool without a split has one.
    pub fn sides(&self) -> impl Iterator<Item = Side<'_>> {
        let is_split = self.on_demand.is_some();
        let side = move |capacity| Side {
            pool: self,
            capacity,
            is_split,
        };
        let sides = [Capacity::Spot, Capacity::OnDemand].into_iter();
        sides
            .filter(move |capacity| is_split || *capacity == Capacity::Spot)
            .map(side)
    }

    /// True if pods of a namespace with these labels may use the pool. They may if the labels are unknown (`None`).
    #[must_use]
    pub fn is_open_to(&self, namespace: Option<&NamespaceLabels>) -> bool {
        let (Some(selector), Some(labels)) = (&self.namespaces, namespace) else {
            return true;
        };
        selector.matches(|key| labels.get(key))
    }
}

/// A side of a pool.
#[derive(Debug, Clone, Copy)]
pub struct Side<'p> {
    /// The pool.
    pub pool: &'p Pool,
    capacity: Capacity,
    is_split: bool,
}

impl<'p> Side<'p> {
    /// Returns the names of its node pools.
    #[must_use]
    pub fn node_pools(&self) -> &'p [Arc<str>] {
        self.pool.side(self.capacity)
    }

    /// Returns an error as one in the field with its node pools. The path begins in the pool.
    #[must_use]
    pub fn error(&self, message: String) -> FieldError {
        let error = FieldError::new(message).in_field("nodePools");
        match self.capacity {
            Capacity::Spot => error,
            Capacity::OnDemand => error.in_field("onDemand"),
        }
    }
}

impl fmt::Display for Side<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pool {:?}", &*self.pool.name)?;
        if self.is_split {
            write!(f, ", {}", self.capacity)?;
        }
        Ok(())
    }
}
