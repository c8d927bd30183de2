//! Split pools: the ledger against a slow model, and the numbers that come out on each side.

mod numbers;
mod replica;
mod world;

use std::collections::BTreeMap;
use std::time::Instant;

use berth::admission::mutate;
use proptest::prelude::*;
use serde_json::json;

use crate::harness::review::Review;
use crate::harness::verdict::Verdict;
use crate::model::runs;
use numbers::{CAPACITY, Numbers, side_of};
use replica::Replica;
use world::{Fate, Step, World};

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
                    world.shrink(wanted);
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

proptest! {
    #![proptest_config(runs::few())]

    /// While a side has no node pools, its pods go to the other one. They are the first to go once it has some, unless they
    /// belong there.
    #[test]
    fn what_gave_way_goes_before_what_did_not(
        numbers in Numbers::any(),
        missing in prop_oneof![Just("on-demand"), Just("spot")],
        (before, more) in (1..20_usize, 1..30_usize),
        left in 1..49_usize,
    ) {
        let mut world = World::new(numbers, 1);
        let whole = std::mem::replace(&mut world.snapshot, numbers.snapshot_without(missing));
        for _ in 0..before {
            world.create("one", 0, Fate::Stored);
            world.tell_all();
        }
        prop_assert_eq!(world.on_demand(), if missing == "spot" { before } else { 0 });
        world.snapshot = whole;
        for _ in 0..more {
            world.create("one", 0, Fate::Stored);
            world.tell_all();
        }
        let (on_demand, all) = (world.on_demand(), world.pods.len());
        let left = left.min(all);
        world.shrink(left);
        let spot = all - on_demand;
        let asked = numbers.on_demand(left).min(on_demand).max(left.saturating_sub(spot));
        prop_assert_eq!(world.on_demand(), asked, "{} of {} were on demand", on_demand, all);
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
