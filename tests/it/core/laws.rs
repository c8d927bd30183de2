//! The laws, held against generated and recorded objects.

use std::sync::Arc;

use berth::node::{Catalogue, NodePool};
use berth::placement::Snapshot;
use berth::policy::{Capacity, Pool, read_policy_spec};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use crate::harness::repository::shipped_policy;
use crate::harness::review::Review;
use crate::harness::snapshots::default_snapshot;
use crate::harness::verdict;
use crate::model::json::{any_json, pointers};
use crate::model::laws::{broken, broken_among, broken_as, changed, only_adds, widened};
use crate::model::splits::{marked, marks, siblings, split_world};
use crate::model::workloads::{pod, workload};
use crate::model::worlds::World;
use crate::model::{recorded, runs};

/// Returns the same JSON with every nth letter or slash of its strings written as an escape; none where `every` is 0.
fn escaped(text: &str, every: usize) -> String {
    if every == 0 {
        return text.to_owned();
    }
    let (mut written, mut in_string, mut after_backslash, mut count) =
        (String::new(), false, false, 0);
    for char in text.chars() {
        let plain = in_string && !after_backslash && (char.is_ascii_lowercase() || char == '/');
        count += usize::from(plain);
        if plain && count % every == 0 {
            written.extend(format!("\\u{:04x}", u32::from(char)).chars());
            continue;
        }
        if after_backslash {
            after_backslash = false;
        } else if char == '\\' {
            after_backslash = true;
        } else if char == '"' {
            in_string = !in_string;
        }
        written.push(char);
    }
    written
}

proptest! {
    #![proptest_config(runs::seldom())]

    /// The laws hold in pools that are split, on either side, whatever pods the controller has.
    #[test]
    fn generated_workloads_keep_the_laws_in_split_pools(
        object in workload(),
        marks in marks(),
        world in split_world(),
        siblings in siblings(),
    ) {
        let object = marked(object, &marks);
        let snapshot = world.snapshot();
        let broken = broken_among(&object, object.to_string(), &snapshot, siblings.as_ref());
        prop_assert!(broken.is_empty(), "{}", broken.join("\n"));
    }

    /// A pod of a split pool gets the label of one side and the node pools of that side alone.
    #[test]
    fn a_pod_gets_one_side(
        object in pod(),
        marks in marks(),
        world in split_world(),
        siblings in siblings(),
    ) {
        let object = marked(object, &marks);
        let snapshot = world.snapshot();
        let verdict = Review::of(&object).mutate_among(&snapshot, siblings.as_ref());
        let named = |pool: &&Arc<Pool>| Some(&*pool.name) == verdict.pool.as_deref();
        let pool = snapshot.policy.pools().iter().find(named);
        if let Some(pool) = pool
            && pool.on_demand.is_some()
            && verdict.reason.is_placed()
            && !verdict.patch.is_empty()
        {
            let patched = verdict.patched(&object).unwrap();
            let label = &patched["metadata"]["labels"]["placement.truemark.io/capacity"];
            let side: Capacity = label.as_str().unwrap().parse().unwrap();
            let written = serde_json::to_string(&verdict.patch).unwrap();
            for name in pool.side(side.other()) {
                let names_it = format!("{:?}", &**name);
                prop_assert!(!written.contains(&names_it), "{side}: {written}");
            }
        }
    }
}

proptest! {
    #![proptest_config(runs::usual())]

    #[test]
    fn generated_workloads_keep_the_laws(
        object in workload(),
        world in World::any(),
        every in prop_oneof![Just(0_usize), 1..9_usize],
    ) {
        let broken = broken_as(&object, escaped(&object.to_string(), every), &world.snapshot());
        prop_assert!(broken.is_empty(), "{}", broken.join("\n"));
    }

    /// The same for objects that are of no use to anyone (T38).
    #[test]
    fn any_json_keeps_the_laws(mut object in any_json(), kind in 0..6_usize) {
        let (version, kind) = [
            ("v1", "Pod"),
            ("batch/v1", "Job"),
            ("batch/v1", "CronJob"),
            ("apps/v1", "Deployment"),
            ("apps/v1", "StatefulSet"),
            ("apps/v1", "DaemonSet"),
        ][kind];
        if let Some(object) = object.as_object_mut() {
            object.insert("apiVersion".to_owned(), version.into());
            object.insert("kind".to_owned(), kind.into());
        }
        let mut review = Review::of(&object);
        (review.api_version, review.kind) = (version.to_owned(), kind.to_owned());
        let snapshot = default_snapshot();
        let verdict = review.mutate(&snapshot);
        let _ = review.validate(&snapshot);
        if !verdict.patch.is_empty() {
            let broken = broken(&object, &snapshot);
            prop_assert!(broken.is_empty(), "{}", broken.join("\n"));
        }
    }

    /// A request may hold anything beside its `uid`: its object goes through.
    #[test]
    fn any_request_is_let_through(request in any_json(), field in 0..9_usize) {
        let fields = [
            "kind", "subResource", "name", "namespace", "operation", "userInfo", "object", "oldObject", "dryRun",
        ];
        let mut review = Review::of(&Value::Null);
        review.object = "null".to_owned();
        let body = String::from_utf8(review.body()).unwrap();
        let mut body: Value = serde_json::from_str(&body).unwrap();
        body["request"][fields[field]] = request;
        let snapshot = default_snapshot();
        let body = serde_json::to_vec(&body).unwrap();
        prop_assert!(verdict::mutate(&body, &snapshot).allowed);
        prop_assert!(verdict::validate(&body, &snapshot).allowed);
    }

    /// A policy or a node pool that the API server stored is refused, or read and decided by.
    #[test]
    fn any_stored_object_is_read_or_refused(other in any_json(), place in any::<Index>()) {
        let pod = Review::of(&json!({"apiVersion": "v1", "kind": "Pod"})).body();
        let mut spec = shipped_policy()["spec"].take();
        let mut node_pool = json!({"template": {
            "metadata": {"labels": {"example.com/team": "red"}},
            "spec": {
                "requirements": [{"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]}],
                "taints": [{"key": "example.com/only", "value": "yes", "effect": "NoSchedule"}],
            },
        }});
        for spec in [&mut spec, &mut node_pool] {
            let mut pointers = pointers(spec);
            let pointer = pointers.swap_remove(place.index(pointers.len()));
            *spec.pointer_mut(&pointer).unwrap() = other.clone();
        }
        let object = json!({"metadata": {"name": "amd64-batch"}, "spec": node_pool}).to_string();
        let of_text = NodePool::from_json(&object);
        let read = NodePool::from_object(serde_json::from_str(&object).unwrap());
        // From its text a list may be read as an object, its items as the fields. No API server stores one.
        prop_assert!(of_text == read || of_text.is_ok() && read.is_err(), "{:?} {:?}", of_text, read);
        let node_pool = read.ok();
        let live: Catalogue = node_pool.map(Arc::new).into_iter().collect();
        for spec in [spec, shipped_policy()["spec"].take(), other] {
            if let Ok((policy, of_policy)) = read_policy_spec(&spec)
                && let Ok(snapshot) = Snapshot::new(policy, of_policy.with(&live))
            {
                prop_assert!(verdict::mutate(&pod, &snapshot).allowed);
            }
        }
    }
}

#[test]
fn recorded_workloads_keep_the_laws() {
    let corpus = recorded::workloads("the laws");
    let snapshot = default_snapshot();
    let mut failures = Vec::new();
    for (origin, object) in &corpus {
        let found = broken(object, &snapshot).into_iter();
        failures.extend(found.map(|law| format!("{origin}: {law}")));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Each law sees what breaks it.
#[test]
fn the_laws_see_what_breaks_them() {
    let pod = json!({"spec": {
        "nodeSelector": {"a": "b"},
        "tolerations": [{"key": "x"}, {"key": "y"}],
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{}, {"matchExpressions": [{"key": "c", "operator": "Exists"}]}],
        }}},
    }});
    let with = |pointer: &str, value: Value| {
        let mut changed = pod.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        changed
    };
    let terms = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
    let swapped = with("/spec/tolerations", json!([{"key": "y"}, {"key": "x"}]));
    assert_eq!(
        changed(&pod, &swapped, ""),
        Some("/spec/tolerations/0/key".to_owned())
    );
    assert_eq!(
        changed(&pod, &with("/spec/nodeSelector", Value::Null), ""),
        Some("/spec/nodeSelector".to_owned())
    );
    let filled = with(
        &format!("{terms}/0"),
        json!({"matchExpressions": [{"key": "d", "operator": "Exists"}]}),
    );
    assert_eq!(changed(&pod, &filled, ""), None);
    assert!(widened(&pod["spec"], &filled["spec"]).is_some());
    assert!(widened(&filled["spec"], &pod["spec"]).is_none());
    let replaced = json!({"op": "add", "path": "/spec/nodeSelector/a", "value": "c"});
    assert!(only_adds(&replaced, &pod).is_some());
    assert_eq!(
        escaped(r#"{"a/\n":"bc"}"#, 1),
        r#"{"\u0061\u002f\n":"\u0062\u0063"}"#
    );
}
