//! The state of the ledger: the pods that the watch shows, and the decisions that it has not shown yet.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use super::pods::{Asks, CountedPod, Pending, Pods};
use crate::placement::Siblings;

/// The most decisions that wait for their pods. Beyond it, further pods count once the watch shows them.
const MOST_PENDING: usize = 16_384;

/// The pods of all controllers, as far as berth knows.
#[derive(Debug, Default)]
pub(super) struct State {
    /// True once the watch has listed all pods.
    pub(super) is_listed: bool,
    /// The controllers that have pods, or soon will.
    owners: HashMap<Arc<str>, Pods>,
    /// The pods that the watch shows, by their `uid`.
    pods: HashMap<Box<str>, CountedPod>,
    /// The controllers of the pending decisions, by the time at which those are given up.
    waiting: BTreeSet<(Instant, Arc<str>)>,
    /// The `uid`s of a list that has not ended yet.
    listing: HashSet<Box<str>>,
    versions: u64,
}

impl State {
    /// Returns the pods of a controller, and the version of what is known of it.
    pub(super) fn siblings(&self, owner: &str) -> (Siblings, u64) {
        self.owners
            .get(owner)
            .map(|owner| (owner.siblings(), owner.version))
            .unwrap_or_default()
    }

    /// Notes a decision on a pod of a controller. Returns false if more is known of it than the version says.
    pub(super) fn note(&mut self, owner: &str, version: u64, pending: Pending) -> bool {
        let known = self.owners.get(owner).map_or(0, |owner| owner.version);
        if known != version {
            return false;
        }
        if self.waiting.len() < MOST_PENDING {
            let key = self.key(owner);
            self.waiting.insert((pending.until, Arc::clone(&key)));
            self.change(&key, |owner| owner.pending.push(pending));
        }
        true
    }

    /// Takes a pod that the watch shows. `None` stands for one that no longer counts.
    pub(super) fn take(&mut self, uid: &str, pod: Option<CountedPod>) {
        if self.pods.get(uid) == pod.as_ref() {
            return;
        }
        if let Some(before) = self.pods.remove(uid) {
            self.change(&before.owner, |owner| {
                owner.remove(before.side, before.position);
            });
        }
        if let Some(mut pod) = pod {
            pod.owner = self.key(&pod.owner);
            let asks = Arc::clone(&pod.asks);
            self.change(&pod.owner, |owner| {
                owner.add(pod.side, pod.position);
                // Most pods of a controller ask for the same.
                if owner.asks != asks {
                    owner.asks = asks;
                }
            });
            if let Some(owner) = self.owners.get(&pod.owner) {
                pod.asks = Arc::clone(&owner.asks);
            }
            self.pods.insert(uid.into(), pod);
        }
    }

    /// Begins a list of all pods.
    pub(super) fn begin(&mut self) {
        self.listing.clear();
    }

    /// Takes a pod of a list.
    pub(super) fn take_listed(&mut self, uid: &str, pod: Option<CountedPod>) {
        if pod.is_some() {
            self.listing.insert(uid.into());
        }
        self.take(uid, pod);
    }

    /// Ends a list: pods that it did not have are gone.
    pub(super) fn end(&mut self) {
        let listed = std::mem::take(&mut self.listing);
        let gone = self.pods.keys().filter(|uid| !listed.contains(*uid));
        for uid in gone.cloned().collect::<Vec<_>>() {
            self.take(&uid, None);
        }
        self.is_listed = true;
    }

    /// Notes a contact of the watch, and gives up decisions of which it should have shown the pods by now.
    pub(super) fn hear(&mut self, now: Instant) {
        while let Some((until, _)) = self.waiting.first()
            && *until <= now
            && let Some((until, key)) = self.waiting.pop_first()
        {
            let is_over = |pending: &Pending| pending.until <= until;
            let owner = self.owners.get(&key);
            if owner.is_some_and(|owner| owner.pending.iter().any(is_over)) {
                self.change(&key, |owner| {
                    owner.pending.retain(|pending| !is_over(pending));
                });
            }
        }
    }

    /// Returns the pods that are there of each controller, with what it asks for.
    pub(super) fn owners(&self) -> impl Iterator<Item = (&Siblings, &Asks)> {
        self.owners
            .values()
            .map(|owner| (&owner.seen, &*owner.asks))
    }

    /// Returns the key of a controller, shared with what is known of it.
    fn key(&self, owner: &str) -> Arc<str> {
        let known = self.owners.get_key_value(owner);
        known.map_or_else(|| owner.into(), |(key, _)| Arc::clone(key))
    }

    /// Changes what is known of a controller, and forgets one without pods.
    fn change(&mut self, key: &Arc<str>, change: impl FnOnce(&mut Pods)) {
        let owner = self.owners.entry(Arc::clone(key)).or_default();
        change(owner);
        self.versions += 1;
        owner.version = self.versions;
        if owner.is_empty() {
            self.owners.remove(key);
        }
    }
}
