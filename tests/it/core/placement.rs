//! Placement: berth decides on a pod as the oracle does, and makes the same object of it.

use berth::placement::Reason;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::review::Review;
use crate::model::difference::difference;
use crate::model::names::REQUIRED;
use crate::model::workloads::workload;
use crate::model::worlds::World;
use crate::model::{recorded, runs};

proptest! {
    #![proptest_config(runs::usual())]

    #[test]
    fn generated_workloads_are_placed_as_the_oracle_says(
        object in workload(),
        world in World::any(),
    ) {
        let verdict = Review::of(&object).mutate(&world.snapshot());
        let difference = difference(&object, &world, &verdict);
        prop_assert!(difference.is_none(), "{}", difference.unwrap());
    }
}

#[test]
fn recorded_workloads_are_placed_as_the_oracle_says() {
    let world = World::shipped();
    let snapshot = world.snapshot();
    for (origin, object) in recorded::workloads("the oracle") {
        let verdict = Review::of(&object).mutate(&snapshot);
        let difference = difference(&object, &world, &verdict);
        assert!(difference.is_none(), "{origin}: {}", difference.unwrap());
    }
}

/// The case of `too-many-terms.yaml` has one term more than berth extends.
#[test]
fn a_pod_of_256_terms_is_placed() {
    let snapshot = World::shipped().snapshot();
    for (number, reason) in [(256, Reason::Placed), (257, Reason::TooManyTerms)] {
        let term = json!({"matchExpressions": [{"key": "kubernetes.io/os", "operator": "Exists"}]});
        let terms: Value = (0..number).map(|_| term.clone()).collect();
        let affinity = json!({"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": terms}}});
        let pod = json!({"metadata": {"name": "web"}, "spec": {"affinity": affinity}});
        assert_eq!(Review::of(&pod).mutate(&snapshot).reason, reason);
    }
}
