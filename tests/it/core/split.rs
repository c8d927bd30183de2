//! Split pools: the ledger against a slow model, and the numbers that come out on each side.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use berth::admission::mutate;
use berth::placement::{Owner, Siblings, Snapshot};
use berth::policy::{
    Capacity, OwnNumbers, embedded_node_pools, embedded_policy_object, read_policy_object,
};
use berth::split::{CountedPod, Ledger};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::review::Review;
use crate::harness::verdict::Verdict;
use crate::model::runs;

const OWNERS: [&str; 3] = ["one", "two", "three"];
const CAPACITY: &str = "placement.truemark.io/capacity";
const COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// The time after which a decision without a pod is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// The numbers of a split, as the model counts with them.
#[derive(Debug, Clone, Copy)]
struct Numbers {
    base: usize,
    percentage: usize,
}

impl Numbers {
    fn any() -> impl Strategy<Value = Self> {
        (
            0_usize..6,
            prop_oneof![Just(0), Just(20), Just(100), 0_usize..=100],
        )
            .prop_map(|(base, percentage)| Self { base, percentage })
    }

    /// Returns how many of `pods` belong on demand.
    fn on_demand(self, pods: usize) -> usize {
        let above = pods.saturating_sub(self.base);
        pods.min(self.base + (above * self.percentage).div_ceil(100))
    }

    /// Returns the side of the pod at a position.
    fn side(self, position: usize) -> &'static str {
        if self.on_demand(position) > self.on_demand(position - 1) {
            "on-demand"
        } else {
            "spot"
        }
    }

    fn snapshot(self) -> Snapshot {
        let mut policy = embedded_policy_object().unwrap();
        policy["spec"]["pools"].as_array_mut().unwrap().push(json!({
            "name": "web",
            "nodePools": ["amd64-default", "arm64-default"],
            "onDemand": {
                "nodePools": ["truemark-amd64", "truemark-arm64"],
                "baseCapacity": self.base,
                "percentageAboveBaseCapacity": self.percentage,
            },
        }));
        let (policy, _) = read_policy_object(&policy).unwrap();
        Snapshot::new(policy, embedded_node_pools().unwrap()).unwrap()
    }
}

/// A pod as it is stored.
#[derive(Debug, Clone, PartialEq)]
struct Stored {
    uid: String,
    owner: &'static str,
    side: String,
    position: u32,
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
struct Decided {
    owner: &'static str,
    side: String,
    position: u32,
    at: Instant,
}

/// A replica of berth, with what its watch has not told it yet, and the model of what it knows.
#[derive(Default)]
struct Replica {
    ledger: Ledger,
    /// Pods that have come (true) or gone.
    untold: VecDeque<(bool, Stored)>,
    seen: Vec<Stored>,
    decided: Vec<Decided>,
}

impl Replica {
    /// Starts a replica, which lists the pods that are there.
    fn start(pods: &[Stored]) -> Self {
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

    fn tell(&mut self, events: usize) {
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

    fn siblings(&self, owner: &'static str) -> Siblings {
        let owner = Owner {
            namespace: "team-a",
            uid: owner,
        };
        let read = |siblings: &dyn Fn(Owner<'_>) -> Option<Siblings>| siblings(owner);
        self.ledger.settle(Instant::now(), read, |_| None).unwrap()
    }

    /// Returns the positions on a side, as the model knows them.
    fn positions(&self, owner: &str, side: &str) -> Vec<u32> {
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

/// What becomes of a pod after berth has decided on it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Stored,
    /// A quota refuses it.
    Refused,
    DryRun,
}

#[derive(Debug, Clone)]
enum Step {
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
    fn any() -> impl Strategy<Value = Self> {
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
struct World {
    numbers: Numbers,
    snapshot: Snapshot,
    replicas: Vec<Replica>,
    pods: Vec<Stored>,
    now: Instant,
    made: usize,
}

impl World {
    fn new(numbers: Numbers, replicas: usize) -> Self {
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
    fn create(&mut self, owner: &'static str, replica: usize, fate: Fate) -> (String, u32) {
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

    fn go(&mut self, index: usize) {
        let pod = self.pods.remove(index);
        self.change(false, &pod);
    }

    fn change(&mut self, has_come: bool, pod: &Stored) {
        for replica in &mut self.replicas {
            replica.untold.push_back((has_come, pod.clone()));
        }
    }

    fn tell_all(&mut self) {
        for replica in &mut self.replicas {
            replica.tell(usize::MAX);
        }
    }

    fn on_demand(&self) -> usize {
        let pods = self.pods.iter();
        pods.filter(|pod| pod.side == "on-demand").count()
    }

    /// Takes a step, and holds what comes of it against the model.
    fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
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

fn side_of(pod: &Value) -> (String, u32) {
    let metadata = &pod["metadata"];
    let side = metadata["labels"][CAPACITY].as_str().unwrap().to_owned();
    let cost = metadata["annotations"][COST].as_str();
    let position = cost.map_or(0, |cost| cost.parse::<i32>().unwrap().unsigned_abs());
    (side, position)
}

proptest! {
    #![proptest_config(runs::few())]

    /// Whatever pods come and go, are refused or not yet seen, and whichever replica restarts.
    #[test]
    fn the_ledger_knows_what_the_model_knows(
        numbers in Numbers::any(),
        steps in prop::collection::vec(Step::any(), 1..60),
    ) {
        let mut world = World::new(numbers, 2);
        for step in &steps {
            world.take(step)?;
        }
    }

    #[test]
    fn one_by_one_the_split_is_exact_after_each_step(numbers in Numbers::any(), pods in 1..60_usize) {
        let mut world = World::new(numbers, 2);
        for made in 1..=pods {
            world.create("one", made % 2, Fate::Stored);
            world.tell_all();
            prop_assert_eq!(world.on_demand(), numbers.on_demand(made));
        }
    }

    /// Beyond the base, a burst that no watch shows is off by one per replica at most. The pods of the base can be made
    /// once by each replica.
    #[test]
    fn a_burst_is_off_by_one_per_replica(
        numbers in Numbers::any(),
        before in 0..20_usize,
        burst in prop::collection::vec(0..3_usize, 1..60),
        replicas in 1..=3_usize,
    ) {
        let mut world = World::new(numbers, replicas);
        for made in 0..before {
            world.create("one", made % replicas, Fate::Stored);
            world.tell_all();
        }
        for replica in &burst {
            world.create("one", replica % replicas, Fate::Stored);
        }
        let asked = numbers.on_demand(world.pods.len());
        let off = world.on_demand().abs_diff(asked);
        let of_base = numbers.base.saturating_sub(before) * (replicas - 1);
        prop_assert!(off <= of_base + replicas - usize::from(replicas == 1), "{off} of {}", world.pods.len());
        if replicas == 1 {
            prop_assert_eq!(off, 0);
        }
        // The watch has caught up, and one more rollout replaces the pods by those of a new controller.
        world.tell_all();
        let pods = world.pods.len();
        for made in 0..pods {
            world.create("two", made % replicas, Fate::Stored);
            world.go(0);
            world.tell_all();
        }
        prop_assert_eq!(world.on_demand(), numbers.on_demand(pods));
    }

    /// A `ReplicaSet` that shrinks gives up the pods of the lowest cost. Pods that were replaced before change nothing.
    #[test]
    fn what_shrinks_keeps_the_split(
        numbers in Numbers::any(),
        changes in prop::collection::vec(
            prop_oneof![(1..30_usize).prop_map(Ok), (0..40_usize).prop_map(Err)],
            1..40,
        ),
    ) {
        let mut world = World::new(numbers, 1);
        for change in changes {
            match change {
                Ok(wanted) => {
                    while world.pods.len() > wanted {
                        let last = world.pods.iter().map(|pod| pod.position).max().unwrap();
                        let index = world.pods.iter().position(|pod| pod.position == last).unwrap();
                        world.go(index);
                    }
                    world.tell_all();
                    while world.pods.len() < wanted {
                        world.create("one", 0, Fate::Stored);
                        world.tell_all();
                    }
                }
                Err(replaced) if !world.pods.is_empty() => {
                    world.go(replaced % world.pods.len());
                    world.tell_all();
                    world.create("one", 0, Fate::Stored);
                    world.tell_all();
                }
                Err(_) => {}
            }
            prop_assert_eq!(world.on_demand(), numbers.on_demand(world.pods.len()));
        }
    }
}

#[test]
fn thirty_pods_that_shrink_to_five_are_as_five_that_were_made() {
    let numbers = Numbers {
        base: 2,
        percentage: 20,
    };
    let mut world = World::new(numbers, 1);
    for _ in 0..30 {
        world.create("one", 0, Fate::Stored);
    }
    assert_eq!(world.on_demand(), 8);
    let mut sides = BTreeMap::new();
    for pod in &world.pods {
        sides.insert(pod.position, pod.side.as_str());
    }
    let first: Vec<&str> = sides.values().take(5).copied().collect();
    assert_eq!(
        first,
        ["on-demand", "on-demand", "on-demand", "spot", "spot"]
    );
}

/// Requests of one controller that are decided at the same time see one another.
#[test]
fn a_burst_at_one_replica_is_exact() {
    let numbers = Numbers {
        base: 2,
        percentage: 20,
    };
    let (snapshot, ledger) = (numbers.snapshot(), Replica::start(&[]).ledger);
    let pod = json!({
        "metadata": {
            "labels": {"placement.truemark.io/pool": "web"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "uid": "one", "controller": true}],
        },
        "spec": {},
    });
    let body = Review::of(&pod).body();
    let made: Vec<(String, u32)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let decided = (0..100).map(|_| {
                        let answer = ledger.settle(
                            Instant::now(),
                            |siblings| mutate(&body, &snapshot, siblings),
                            |answer| answer.as_ref().unwrap().record.new_pod(),
                        );
                        side_of(&Verdict::read(answer).patched(&pod).unwrap())
                    });
                    decided.collect::<Vec<_>>()
                })
            })
            .collect();
        let made = threads.into_iter().map(|thread| thread.join().unwrap());
        made.flatten().collect()
    });
    let on_demand = made.iter().filter(|(side, _)| side == "on-demand").count();
    assert_eq!(on_demand, numbers.on_demand(800));
    let mut positions: Vec<u32> = made.iter().map(|(_, position)| *position).collect();
    positions.sort_unstable();
    assert!(positions.iter().copied().eq(1..=800));
}

/// berth draws a lot where it may not see the other pods. A lot for a side that does not fit counts for the other.
#[test]
fn a_lot_gives_way_where_one_side_alone_fits() {
    for percentage in [0, 100] {
        let numbers = Numbers {
            base: 0,
            percentage,
        };
        for (node_pool, side) in [("amd64-default", "spot"), ("truemark-amd64", "on-demand")] {
            let pod = json!({
                "metadata": {
                    "labels": {"placement.truemark.io/pool": "web"},
                    "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "1", "controller": true}],
                },
                "spec": {"nodeSelector": {"karpenter.sh/nodepool": node_pool}},
            });
            let verdict = Review::of(&pod).mutate_among(&numbers.snapshot(), None);
            let patched = verdict.patched(&pod).unwrap();
            assert_eq!(
                patched["metadata"]["labels"][CAPACITY], side,
                "{percentage}%"
            );
        }
    }
}
