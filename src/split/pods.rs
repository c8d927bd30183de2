//! The pods of one controller, as far as berth knows.

use std::sync::Arc;
use std::time::Instant;

use crate::placement::{Owner, Siblings};
use crate::policy::{Capacity, OwnNumbers};

/// A pod that the watch shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedPod {
    /// The namespace and the `uid` of the controller, as [`key`] joins them.
    pub(super) owner: Arc<str>,
    pub(super) side: Capacity,
    /// The position that the pod got; 0 if it is unknown.
    pub(super) position: u32,
    /// The pool, and the numbers of the pod's own split.
    pub(super) asks: Arc<Asks>,
}

impl CountedPod {
    /// Returns the pod of a controller on a side.
    #[must_use]
    pub fn new(
        owner: Owner<'_>,
        (side, position): (Capacity, u32),
        pool: &str,
        numbers: OwnNumbers,
    ) -> Self {
        let asks = Asks {
            pool: pool.into(),
            numbers,
        };
        Self {
            owner: key(owner).into(),
            side,
            position,
            asks: Arc::new(asks),
        }
    }
}

/// The part of a pod that says how many pods of its controller belong on demand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Asks {
    pub(super) pool: Box<str>,
    pub(super) numbers: OwnNumbers,
}

/// A decision on a pod that the watch has not shown yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pending {
    pub(super) side: Capacity,
    pub(super) position: u32,
    /// The time at which it is given up, if the watch has not shown its pod.
    pub(super) until: Instant,
}

/// The pods of one controller.
#[derive(Debug, Default)]
pub(super) struct Pods {
    /// The pods that the watch shows, by their positions.
    pub(super) seen: Siblings,
    pub(super) pending: Vec<Pending>,
    /// Changes with each change of the pods, and is never the same again.
    pub(super) version: u64,
    pub(super) asks: Arc<Asks>,
}

impl Pods {
    /// Returns all its pods: those that the watch shows, and those that are decided.
    pub(super) fn siblings(&self) -> Siblings {
        let mut siblings = self.seen.clone();
        for pending in &self.pending {
            insert(on(&mut siblings, pending.side), pending.position);
        }
        siblings
    }

    /// Adds a pod that the watch shows. It takes the place of the decision on it, if there is one.
    pub(super) fn add(&mut self, side: Capacity, position: u32) {
        insert(on(&mut self.seen, side), position);
        let is_it = |pending: &Pending| {
            pending.side == side && (pending.position == position || position == 0)
        };
        if let Some(index) = self.pending.iter().position(is_it) {
            self.pending.remove(index);
        }
    }

    pub(super) fn remove(&mut self, side: Capacity, position: u32) {
        let pods = on(&mut self.seen, side);
        if let Ok(index) = pods.binary_search(&position) {
            pods.remove(index);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty() && self.seen.on_demand.is_empty() && self.seen.spot.is_empty()
    }
}

/// Returns the key of a controller.
pub(super) fn key(owner: Owner<'_>) -> String {
    // No namespace has a slash in its name.
    format!("{}/{}", owner.namespace, owner.uid)
}

fn on(siblings: &mut Siblings, side: Capacity) -> &mut Vec<u32> {
    match side {
        Capacity::OnDemand => &mut siblings.on_demand,
        Capacity::Spot => &mut siblings.spot,
    }
}

fn insert(pods: &mut Vec<u32>, position: u32) {
    pods.insert(pods.partition_point(|known| *known <= position), position);
}
