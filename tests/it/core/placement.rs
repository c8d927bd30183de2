//! Placement: berth decides on a pod as the oracle does, and makes the same object of it.

use berth::placement::Reason;
use proptest::prelude::*;
use serde_json::Value;

use crate::harness::review::{Review, template_path};
use crate::harness::verdict::Verdict;
use crate::model::expected::placed;
use crate::model::oracle::Question;
use crate::model::workloads::workload;
use crate::model::worlds::World;
use crate::model::{exemptions, recorded, runs};

/// Reports how a verdict differs from the oracle's, if it does.
fn difference(object: &Value, world: &World, verdict: &Verdict) -> Option<String> {
    let path = template_path(object["kind"].as_str().unwrap_or_default());
    let patched = verdict.patched(object).unwrap();
    if let (Some(rule), Some(template)) = (&verdict.rule, object.pointer(path))
        && let Some(difference) = exemptions::difference(world, template, rule, verdict.reason)
    {
        return Some(difference);
    }
    let (Some(rule), Some(pool), Some(template)) =
        (&verdict.rule, &verdict.pool, object.pointer(path))
    else {
        return (patched != *object).then(|| "a pod that no rule places is changed".to_owned());
    };
    let Some(question) = Question::new(world, template, rule, pool) else {
        return (verdict.reason != Reason::UnknownArchitecture)
            .then(|| format!("{} despite an unknown architecture", verdict.reason));
    };
    let node_pools = question.node_pools();
    let mut expected = object.clone();
    let mut reasons = vec![Reason::Explicit, Reason::Conflict];
    if !node_pools.is_empty() && !question.is_passed_over(&node_pools) {
        let placed = placed(template, &question, &node_pools);
        reasons = vec![if placed == *template {
            Reason::AlreadyPlaced
        } else {
            Reason::Placed
        }];
        *expected.pointer_mut(path).unwrap() = placed;
    } else if verdict.reason == Reason::Unavailable {
        reasons = vec![Reason::Unavailable];
    }
    if !reasons.contains(&verdict.reason) {
        return Some(format!("{} instead of {reasons:?}", verdict.reason));
    }
    if verdict.mode == "Audit" {
        expected = object.clone();
    }
    (patched != expected).then(|| format!("expected {expected:#}\nfound {patched:#}"))
}

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
