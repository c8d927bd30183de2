//! A replica of berth, with the model of what it knows.

use std::collections::VecDeque;
use std::time::Instant;

use berth::placement::{Owner, Siblings};
use berth::policy::{Capacity, OwnNumbers};
use berth::split::{CountedPod, Ledger};

/// A pod as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stored {
    pub(super) uid: String,
    pub(super) owner: &'static str,
    pub(super) side: String,
    pub(super) position: u32,
}

impl Stored {
    fn counted(&self) -> CountedPod {
        let side: Capacity = self.side.parse().unwrap();
        CountedPod::new(
            Owner::new("team-a", self.owner).unwrap(),
            (side, self.position),
            "web",
            OwnNumbers::default(),
        )
    }
}

/// A decision on a pod that the model of a replica has not seen.
#[derive(Debug, Clone)]
pub(super) struct Decided {
    pub(super) owner: &'static str,
    pub(super) side: String,
    pub(super) position: u32,
    pub(super) at: Instant,
}

/// A replica of berth, with what its watch has not told it yet, and the model of what it knows.
#[derive(Default)]
pub(super) struct Replica {
    pub(super) ledger: Ledger,
    /// Pods that have come (true) or gone.
    pub(super) untold: VecDeque<(bool, Stored)>,
    pub(super) seen: Vec<Stored>,
    pub(super) decided: Vec<Decided>,
}

impl Replica {
    /// Starts a replica, which lists the pods that are there.
    pub(super) fn start(pods: &[Stored]) -> Self {
        let replica = Self::default();
        replica.ledger.begin();
        for pod in pods {
            replica.ledger.take_listed(&pod.uid, Some(pod.counted()));
        }
        replica.ledger.end();
        Self {
            seen: pods.to_vec(),
            ..replica
        }
    }

    pub(super) fn tell(&mut self, events: usize) {
        for _ in 0..events {
            let Some((has_come, pod)) = self.untold.pop_front() else {
                return;
            };
            if has_come {
                self.ledger.take(&pod.uid, Some(pod.counted()));
                let is_it = |decided: &Decided| {
                    (decided.owner, &decided.side, decided.position)
                        == (pod.owner, &pod.side, pod.position)
                };
                if let Some(index) = self.decided.iter().position(is_it) {
                    self.decided.remove(index);
                }
                self.seen.push(pod);
            } else {
                self.ledger.take(&pod.uid, None);
                self.seen.retain(|seen| *seen != pod);
            }
        }
    }

    pub(super) fn siblings(&self, owner: &'static str) -> Siblings {
        let owner = Owner {
            namespace: "team-a",
            uid: owner,
        };
        let read = |siblings: &dyn Fn(Owner<'_>) -> Option<Siblings>| siblings(owner);
        self.ledger.settle(Instant::now(), read, |_| None).unwrap()
    }

    /// Returns the positions on a side, as the model knows them.
    pub(super) fn positions(&self, owner: &str, side: &str) -> Vec<u32> {
        let seen = self.seen.iter();
        let seen = seen.filter(|pod| pod.owner == owner && pod.side == side);
        let decided = self.decided.iter();
        let decided = decided.filter(|pod| pod.owner == owner && pod.side == side);
        let seen = seen.map(|pod| pod.position);
        let mut all: Vec<u32> = seen.chain(decided.map(|pod| pod.position)).collect();
        all.sort_unstable();
        all
    }
}
