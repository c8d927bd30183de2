//! The ledger, which all requests share.

use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::pods::{CountedPod, Pending, key};
use super::state::State;
use super::tally::{PoolTally, tally};
use crate::admission::NewPod;
use crate::placement::{Owner, Siblings};
use crate::policy::{Mode, Policy};

/// The time after which a decision is given up, if the watch has had contact since and shows no pod of it: something refused
/// the pod after berth. The webhooks that the API server asks after berth have 10 s each, unless they are given more.
const PATIENCE: Duration = Duration::from_secs(10);

/// The same in `Audit`. The pods are not labelled there, so that no watch shows them: this counts them for as long as a
/// rollout may take.
const AUDIT_PATIENCE: Duration = Duration::from_hours(1);

/// The most times that a request is decided because others of its controller were decided meanwhile. Each time one of those
/// got on.
const ATTEMPTS: usize = 64;

/// The pods of all controllers: those that the watch shows, and those that were decided and that it has not shown yet.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<State>);

impl Ledger {
    /// Decides on a pod, and notes what was decided. `decide` may be called several times: again if pods of the same
    /// controller have come or gone meanwhile. `new` returns the pod to note; `None` if there is none.
    pub fn settle<T>(
        &self,
        now: Instant,
        mut decide: impl FnMut(&dyn Fn(Owner<'_>) -> Option<Siblings>) -> T,
        new: impl Fn(&T) -> Option<NewPod<'_>>,
    ) -> T {
        let version = Cell::new(0);
        let siblings = |owner: Owner<'_>| {
            let state = self.state();
            let is_listed = state.is_listed;
            is_listed.then(|| {
                let (siblings, known) = state.siblings(&key(owner));
                version.set(known);
                siblings
            })
        };
        let mut attempts = 1;
        loop {
            let decided = decide(&siblings);
            let is_noted = new(&decided).is_none_or(|pod| self.note(pod, version.get(), now));
            if is_noted || attempts == ATTEMPTS {
                return decided;
            }
            attempts += 1;
        }
    }

    /// Begins a list of all pods.
    pub fn begin(&self) {
        self.state().begin();
    }

    /// Takes a pod of a list, by its `uid`. `None` stands for one that does not count.
    pub fn take_listed(&self, uid: &str, pod: Option<CountedPod>) {
        self.state().take_listed(uid, pod);
    }

    /// Ends a list: pods that it did not have are gone.
    pub fn end(&self) {
        self.state().end();
    }

    /// Takes a pod that has come or changed, by its `uid`. `None` stands for one that no longer counts.
    pub fn take(&self, uid: &str, pod: Option<CountedPod>) {
        self.state().take(uid, pod);
    }

    /// Notes a contact of the watch with the API server.
    pub fn hear(&self, now: Instant) {
        self.state().hear(now);
    }

    /// Forgets everything, since the pods can no longer be seen.
    pub fn forget(&self) {
        *self.state() = State::default();
    }

    /// Returns the pods that are there, by pool. `None` while they are unknown.
    #[must_use]
    pub fn tally(&self, policy: &Policy) -> Option<Vec<PoolTally>> {
        let state = self.state();
        state.is_listed.then(|| tally(&state, policy))
    }

    /// Notes a pod. Returns false if more is known of its controller than it was decided by.
    fn note(&self, pod: NewPod<'_>, version: u64, now: Instant) -> bool {
        let NewPod {
            owner,
            assigned,
            mode,
        } = pod;
        let patience = match mode {
            Mode::Enforce => PATIENCE,
            Mode::Audit => AUDIT_PATIENCE,
        };
        let pending = Pending {
            side: assigned.side,
            position: assigned.position.unwrap_or(0),
            until: now + patience,
        };
        let mut state = self.state();
        !state.is_listed || state.note(&key(owner), version, pending)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No change leaves the state half done: a panic in one would be a bug, and must not end all admission.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
