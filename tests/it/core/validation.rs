//! The checks: properties that hold for every object, policy and cluster.

use berth::placement::{Reason, Snapshot};
use proptest::prelude::*;
use serde_json::Value;

use crate::harness::review::{Review, template_path};
use crate::harness::snapshots::default_snapshot;
use crate::harness::verdict::Verdict;
use crate::model::json::any_json;
use crate::model::selectors::{alternatives, satisfiable};
use crate::model::workloads::workload;
use crate::model::worlds::World;
use crate::model::{recorded, runs};

/// Generates a policy by which the namespace may not use every pool, and the node pools of a cluster.
fn snapshot() -> impl Strategy<Value = Snapshot> {
    let world = World::shipped_or_any(1, 1);
    (world, any::<[bool; 3]>()).prop_map(|(mut world, closed)| {
        world.close(closed);
        world.snapshot()
    })
}

fn created(object: &Value, snapshot: &Snapshot) -> Verdict {
    Review::of(object).validate(snapshot)
}

fn updated(object: &Value, old: &Value, snapshot: &Snapshot) -> Verdict {
    Review::of_update(object, old).validate(snapshot)
}

proptest! {
    #![proptest_config(runs::seldom())]

    /// The same review has the same answer, and never that of a bug. No answer has a patch, by `verdict::validate`.
    #[test]
    fn a_review_has_one_answer(
        object in workload(),
        old in workload(),
        snapshot in snapshot(),
    ) {
        let verdict = updated(&object, &old, &snapshot);
        prop_assert_ne!(verdict.reason, Reason::InternalError);
        prop_assert_eq!(&verdict.bytes, &updated(&object, &old, &snapshot).bytes);
        let verdict = created(&object, &snapshot);
        prop_assert_ne!(verdict.reason, Reason::InternalError);
        prop_assert!(verdict.denial.is_none_or(|denial| denial.len() <= 1024));
    }

    #[test]
    fn an_update_of_nothing_finds_nothing(object in workload(), snapshot in snapshot()) {
        let verdict = updated(&object, &object, &snapshot);
        prop_assert!(verdict.findings.is_empty(), "{:?}", verdict.findings);
    }

    /// An UPDATE never finds more than a CREATE of the same object would.
    #[test]
    fn an_update_finds_no_more_than_a_create(
        object in workload(),
        old in workload(),
        snapshot in snapshot(),
    ) {
        let of_create = created(&object, &snapshot).findings;
        for finding in updated(&object, &old, &snapshot).findings {
            prop_assert!(of_create.contains(&finding), "{finding}");
        }
    }

    /// No check finds fault with what berth adds to a pod, or misses any of it.
    #[test]
    fn a_placed_pod_has_no_faults_but_its_authors(object in workload(), snapshot in snapshot()) {
        let verdict = Review::of(&object).mutate(&snapshot);
        let patched = verdict.patched(&object).unwrap();
        let before = created(&object, &snapshot).findings;
        let after = created(&patched, &snapshot).findings;
        let added: Vec<&String> = after
            .iter()
            .filter(|finding| !before.contains(finding))
            .collect();
        prop_assert!(added.is_empty(), "{added:?} after {}", verdict.reason);
        prop_assert!(!after.contains(&"not-placed".to_owned()), "not-placed after {}", verdict.reason);
    }

    /// A pod contradicts itself if a search through all values that matter finds none.
    #[test]
    fn contradictions_are_those_of_a_search(object in workload()) {
        let snapshot = default_snapshot();
        let verdict = created(&object, &snapshot);
        let path = template_path(object["kind"].as_str().unwrap());
        let template = object.pointer(path).unwrap();
        let spec = &template["spec"];
        let is_exempt = spec["priorityClassName"] == "system-node-critical";
        let can_be_met = alternatives(spec)
            .iter()
            .any(|alternative| satisfiable(&alternative.requirements));
        prop_assert_eq!(verdict.finds("contradiction"), !is_exempt && !can_be_met);
    }

    /// The validating side of T38.
    #[test]
    fn any_old_object_is_let_through(object in workload(), old in any_json()) {
        let snapshot = default_snapshot();
        let verdict = updated(&object, &old, &snapshot);
        prop_assert_ne!(verdict.reason, Reason::InternalError);
    }
}

#[test]
fn recorded_workloads_get_the_same_answer_before_and_after() {
    let corpus = recorded::workloads("the laws of the checks");
    let snapshot = default_snapshot();
    for (origin, object) in &corpus {
        let verdict = updated(object, object, &snapshot);
        assert!(
            verdict.findings.is_empty(),
            "{origin}: {:?}",
            verdict.findings
        );
        let verdict = Review::of(object).mutate(&snapshot);
        let patched = verdict.patched(object).unwrap();
        let before = created(object, &snapshot).findings;
        for finding in created(&patched, &snapshot).findings {
            let known = before.contains(&finding) && finding != "not-placed";
            assert!(known, "{origin}: {finding}");
        }
    }
}
