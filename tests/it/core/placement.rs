//! Placement: berth decides on a pod as the oracle does, and makes the same object of it.

use proptest::prelude::*;

use crate::harness::review::Review;
use crate::model::difference::difference;
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
