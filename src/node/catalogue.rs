//! The catalogue: all node pools that berth knows of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::node_pool::NodePool;
use super::state::State;
use crate::encoding::field::FieldError;

/// All node pools that berth knows of, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    node_pools: BTreeMap<Arc<str>, Arc<NodePool>>,
    /// The keys of the labels by which nodes carry the names of their node pools.
    node_labels: BTreeSet<Box<str>>,
    /// The keys of the taints that keep pods off nodes.
    taint_keys: BTreeSet<Box<str>>,
}

impl Catalogue {
    /// Returns the node pool of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&NodePool> {
        self.node_pools.get(name).map(Arc::as_ref)
    }

    /// Returns the node pool of that name, unless it is being deleted.
    #[must_use]
    pub fn lasting(&self, name: &str) -> Option<&NodePool> {
        self.get(name)
            .filter(|node_pool| node_pool.state().is_there())
    }

    /// Returns the state of the node pool of that name.
    #[must_use]
    pub fn state(&self, name: &str) -> State {
        self.get(name).map_or(State::Absent, NodePool::state)
    }

    /// Returns all node pools, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = &NodePool> + Clone {
        self.node_pools.values().map(Arc::as_ref)
    }

    /// Returns the keys of the labels by which nodes carry the names of these node pools, each once.
    #[must_use]
    pub fn node_labels(&self) -> BTreeSet<&str> {
        self.node_labels.iter().map(AsRef::as_ref).collect()
    }

    /// True if a node pool has a taint of this key that keeps pods off its nodes.
    #[must_use]
    pub fn has_taint_key(&self, key: &str) -> bool {
        self.taint_keys.contains(key)
    }

    /// True if the catalogue holds no node pool.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.node_pools.is_empty()
    }

    /// Returns the node pools of both catalogues. If both have one of the same name, the one of `other` wins.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        let all = self.node_pools.values().chain(other.node_pools.values());
        all.map(Arc::clone).collect()
    }

    /// Returns the node pools that stay when those of the cluster replace the others.
    #[must_use]
    pub fn externals(&self) -> Self {
        let externals = self
            .node_pools
            .values()
            .filter(|node_pool| node_pool.is_external());
        externals.map(Arc::clone).collect()
    }

    /// Adds a node pool.
    ///
    /// # Errors
    /// If the catalogue has a node pool of that name already. The path is `name`.
    pub fn insert(&mut self, node_pool: NodePool) -> Result<(), FieldError> {
        if self.put(Arc::new(node_pool)).is_none() {
            return Ok(());
        }
        let error = FieldError::new("there is a node pool of this name already");
        Err(error.in_field("name"))
    }

    /// Puts a node pool in. Returns the one of its name that was there.
    fn put(&mut self, node_pool: Arc<NodePool>) -> Option<Arc<NodePool>> {
        self.note_keys(&node_pool);
        self.node_pools
            .insert(Arc::clone(node_pool.name()), node_pool)
    }

    /// Notes the keys of a node pool's label and taints.
    fn note_keys(&mut self, node_pool: &NodePool) {
        fn add(keys: &mut BTreeSet<Box<str>>, key: &str) {
            if !keys.contains(key) {
                keys.insert(key.into());
            }
        }
        add(&mut self.node_labels, node_pool.node_label());
        for taint in node_pool.hard_taints() {
            add(&mut self.taint_keys, &taint.key);
        }
    }
}

impl FromIterator<Arc<NodePool>> for Catalogue {
    /// Collects node pools. Of several with one name, the last wins.
    fn from_iter<I: IntoIterator<Item = Arc<NodePool>>>(node_pools: I) -> Self {
        let node_pools: BTreeMap<_, _> = node_pools
            .into_iter()
            .map(|node_pool| (Arc::clone(node_pool.name()), node_pool))
            .collect();
        let mut catalogue = Self::default();
        // A node pool that another has replaced leaves no keys behind.
        for node_pool in node_pools.values() {
            catalogue.note_keys(node_pool);
        }
        Self {
            node_pools,
            ..catalogue
        }
    }
}
