//! The catalogue: all node pools that berth knows of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rpds::RedBlackTreeMapSync;

use super::node_pool::NodePool;
use super::state::State;
use crate::encoding::field::FieldError;

/// All node pools that berth knows of, by name. A changed clone shares what has not changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    node_pools: RedBlackTreeMapSync<Arc<str>, Arc<NodePool>>,
    /// The keys of the labels by which nodes carry the names of their node pools.
    node_labels: Keys,
    /// The keys of the taints that keep pods off nodes.
    taint_keys: Keys,
}

/// Keys, each with the number of times that node pools have it.
type Keys = BTreeMap<Box<str>, usize>;

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
    pub fn iter(&self) -> impl Iterator<Item = &NodePool> {
        self.node_pools.values().map(Arc::as_ref)
    }

    /// Returns the keys of the labels by which nodes carry the names of these node pools, each once.
    #[must_use]
    pub fn node_labels(&self) -> BTreeSet<&str> {
        self.node_labels.keys().map(AsRef::as_ref).collect()
    }

    /// True if a node pool has a taint of this key that keeps pods off its nodes.
    #[must_use]
    pub fn has_taint_key(&self, key: &str) -> bool {
        self.taint_keys.contains_key(key)
    }

    /// True if the catalogue holds no node pool.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.node_pools.is_empty()
    }

    /// Returns the node pools of both catalogues. If both have one of the same name, the one of `other` wins.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        let mut all = self.clone();
        for node_pool in other.node_pools.values() {
            all.put(Arc::clone(node_pool));
        }
        all
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
        if self.get(node_pool.name()).is_some() {
            let error = FieldError::new("there is a node pool of this name already");
            return Err(error.in_field("name"));
        }
        self.put(Arc::new(node_pool));
        Ok(())
    }

    /// Puts a node pool in, in place of the one of its name.
    pub fn put(&mut self, node_pool: Arc<NodePool>) {
        let name = Arc::clone(node_pool.name());
        self.remove_keys(&name);
        self.count_keys(&node_pool, add);
        self.node_pools.insert_mut(name, node_pool);
    }

    /// Takes the node pool of that name out, if there is one.
    pub fn remove(&mut self, name: &str) {
        self.remove_keys(name);
        self.node_pools.remove_mut(name);
    }

    fn remove_keys(&mut self, name: &str) {
        if let Some(node_pool) = self.node_pools.get(name).map(Arc::clone) {
            self.count_keys(&node_pool, subtract);
        }
    }

    fn count_keys(&mut self, node_pool: &NodePool, count: fn(&mut Keys, &str)) {
        count(&mut self.node_labels, node_pool.node_label());
        for taint in node_pool.hard_taints() {
            count(&mut self.taint_keys, &taint.key);
        }
    }
}

fn add(keys: &mut Keys, key: &str) {
    match keys.get_mut(key) {
        Some(count) => *count += 1,
        None => {
            keys.insert(key.into(), 1);
        }
    }
}

fn subtract(keys: &mut Keys, key: &str) {
    match keys.get_mut(key) {
        Some(count) if *count > 1 => *count -= 1,
        _ => {
            keys.remove(key);
        }
    }
}

impl FromIterator<Arc<NodePool>> for Catalogue {
    /// Collects node pools. Of several with one name, the last wins.
    fn from_iter<I: IntoIterator<Item = Arc<NodePool>>>(node_pools: I) -> Self {
        let mut catalogue = Self::default();
        for node_pool in node_pools {
            catalogue.put(node_pool);
        }
        catalogue
    }
}
