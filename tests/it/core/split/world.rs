//! A cluster with replicas of berth, and the steps that it takes.

use std::time::{Duration, Instant};

use berth::admission::mutate;
use berth::placement::Snapshot;
use proptest::prelude::*;
use serde_json::json;

use super::numbers::{Numbers, side_of};
use super::replica::{Decided, Replica, Stored};
use crate::harness::review::Review;
use crate::harness::verdict::Verdict;

const OWNERS: [&str; 3] = ["one", "two", "three"];

/// The time after which a decision without a pod is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// What becomes of a pod after berth has decided on it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fate {
    Stored,
    /// A quota refuses it.
    Refused,
    DryRun,
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    Create(usize, usize, Fate),
    /// A pod is deleted, evicted, interrupted or done.
    Go(usize),
    /// The watch of a replica shows some changes.
    Tell(usize, usize),
    /// Nothing is created for a while, and the watches are in contact.
    Wait,
    Restart(usize),
}

impl Step {
    pub(super) fn any() -> impl Strategy<Value = Self> {
        let fate = prop_oneof![
            6 => Just(Fate::Stored),
            1 => Just(Fate::Refused),
            1 => Just(Fate::DryRun),
        ];
        prop_oneof![
            10 => (0..OWNERS.len(), 0..2_usize, fate)
                .prop_map(|(owner, replica, fate)| Self::Create(owner, replica, fate)),
            4 => (0..40_usize).prop_map(Self::Go),
            6 => (0..2_usize, 1..6_usize).prop_map(|(replica, events)| Self::Tell(replica, events)),
            1 => Just(Self::Wait),
            1 => (0..2_usize).prop_map(Self::Restart),
        ]
    }
}

/// A cluster with replicas of berth.
pub(super) struct World {
    numbers: Numbers,
    pub(super) snapshot: Snapshot,
    replicas: Vec<Replica>,
    pub(super) pods: Vec<Stored>,
    now: Instant,
    made: usize,
}

impl World {
    pub(super) fn new(numbers: Numbers, replicas: usize) -> Self {
        Self {
            snapshot: numbers.snapshot(),
            numbers,
            replicas: (0..replicas).map(|_| Replica::start(&[])).collect(),
            pods: Vec::new(),
            now: Instant::now(),
            made: 0,
        }
    }

    /// Creates a pod through a replica, and returns its side and position.
    pub(super) fn create(
        &mut self,
        owner: &'static str,
        replica: usize,
        fate: Fate,
    ) -> (String, u32) {
        self.made += 1;
        // No two decisions are made at the same time.
        self.now += Duration::from_micros(1);
        let pod = json!({
            "metadata": {
                "generateName": "web-",
                "labels": {"placement.truemark.io/pool": "web"},
                "ownerReferences": [{
                    "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": owner, "controller": true,
                }],
            },
            "spec": {"containers": [{"name": "web", "image": "web"}]},
        });
        let mut review = Review::of(&pod);
        review.request = json!({"dryRun": fate == Fate::DryRun});
        let body = review.body();
        let replica = &mut self.replicas[replica];
        let answer = replica.ledger.settle(
            self.now,
            |siblings| mutate(&body, &self.snapshot, siblings),
            |answer| answer.as_ref().unwrap().record.new_pod(),
        );
        let patched = Verdict::read(answer).patched(&pod).unwrap();
        let (side, position) = side_of(&patched);
        if fate != Fate::DryRun {
            replica.decided.push(Decided {
                owner,
                side: side.clone(),
                position,
                at: self.now,
            });
        }
        if fate == Fate::Stored {
            let stored = Stored {
                uid: format!("pod-{}", self.made),
                owner,
                side: side.clone(),
                position,
            };
            self.change(true, &stored);
            self.pods.push(stored);
        }
        (side, position)
    }

    pub(super) fn go(&mut self, index: usize) {
        let pod = self.pods.remove(index);
        self.change(false, &pod);
    }

    /// Deletes pods of the lowest cost until so many are left.
    pub(super) fn shrink(&mut self, wanted: usize) {
        while self.pods.len() > wanted {
            let last = self.pods.iter().map(|pod| pod.position).max().unwrap();
            let index = self.pods.iter().position(|pod| pod.position == last);
            self.go(index.unwrap());
        }
        self.tell_all();
    }

    fn change(&mut self, has_come: bool, pod: &Stored) {
        for replica in &mut self.replicas {
            replica.untold.push_back((has_come, pod.clone()));
        }
    }

    pub(super) fn tell_all(&mut self) {
        for replica in &mut self.replicas {
            replica.tell(usize::MAX);
        }
    }

    pub(super) fn on_demand(&self) -> usize {
        let pods = self.pods.iter();
        pods.filter(|pod| pod.side == "on-demand").count()
    }

    /// Takes a step, and holds what comes of it against the model.
    pub(super) fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match *step {
            Step::Create(owner, replica, fate) => {
                let owner = OWNERS[owner];
                let known = &self.replicas[replica];
                let expected = next(
                    self.numbers,
                    &known.positions(owner, "on-demand"),
                    &known.positions(owner, "spot"),
                );
                prop_assert_eq!(self.create(owner, replica, fate), expected);
            }
            Step::Go(index) if !self.pods.is_empty() => self.go(index % self.pods.len()),
            Step::Go(_) => {}
            Step::Tell(replica, events) => self.replicas[replica].tell(events),
            Step::Wait => {
                self.now += PATIENCE;
                for replica in &mut self.replicas {
                    replica.ledger.hear(self.now);
                    replica
                        .decided
                        .retain(|decided| decided.at + PATIENCE > self.now);
                }
            }
            Step::Restart(replica) => self.replicas[replica] = Replica::start(&self.pods),
        }
        for (replica, owner) in self.replicas.iter().flat_map(|replica| {
            let owners = OWNERS.iter();
            owners.map(move |owner| (replica, *owner))
        }) {
            let known = replica.siblings(owner);
            prop_assert_eq!(known.on_demand, replica.positions(owner, "on-demand"));
            prop_assert_eq!(known.spot, replica.positions(owner, "spot"));
        }
        Ok(())
    }
}

/// Returns the side and the position of the next pod, the slow way.
fn next(numbers: Numbers, on_demand: &[u32], spot: &[u32]) -> (String, u32) {
    let pods = on_demand.len() + spot.len() + 1;
    let (side, taken) = if on_demand.len() < numbers.on_demand(pods) {
        ("on-demand", on_demand)
    } else {
        ("spot", spot)
    };
    let mut positions = (1..10_000_u32).filter(|position| numbers.side(*position as usize) == side);
    let free = positions.find(|position| !taken.contains(position));
    // A side that gets no more pods has no position to give.
    (side.to_owned(), free.unwrap_or(0))
}
