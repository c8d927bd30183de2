//! What holds of the checks, for every object, policy and cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use berth::placement::{Reason, Snapshot};
use proptest::prelude::*;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

use crate::generate::{self, World};
use crate::laws;
use crate::reviews::{self, Reply, Review};
use crate::scheduler::{items, requirement_matches};

/// A policy by which the generated namespace may not use every pool, and the node pools of a cluster.
fn snapshot() -> impl Strategy<Value = Snapshot> {
    let world = prop_oneof![Just(World::shipped()), generate::world()];
    (world, any::<[bool; 3]>()).prop_map(|(mut world, closed)| {
        let pools = world.policy["spec"]["pools"].as_array_mut().unwrap();
        for (pool, closed) in pools.iter_mut().zip(closed) {
            if closed {
                pool["namespaces"] = json!({"matchLabels": {"team": "payments"}});
            }
        }
        world.snapshot()
    })
}

fn created(object: &Value, snapshot: &Snapshot) -> Reply {
    reviews::validate(&Review::of(object).body(), snapshot)
}

fn updated(object: &Value, old: &Value, snapshot: &Snapshot) -> Reply {
    let mut review = Review::of(object);
    review.request = json!({"operation": "UPDATE", "oldObject": old});
    reviews::validate(&review.body(), snapshot)
}

/// Each case asks several times, and makes a policy and a catalogue first.
fn config() -> ProptestConfig {
    let usual = laws::config();
    ProptestConfig {
        cases: usual.cases / 4,
        ..usual
    }
}

proptest! {
    #![proptest_config(config())]

    /// Whatever is asked, there is one answer, and no bug; the API server never sees a patch (`reviews::validate`).
    #[test]
    fn a_review_has_one_answer(
        object in generate::workload(),
        old in generate::workload(),
        snapshot in snapshot(),
    ) {
        let reply = updated(&object, &old, &snapshot);
        prop_assert_ne!(reply.reason, Reason::InternalError);
        prop_assert_eq!(&reply.bytes, &updated(&object, &old, &snapshot).bytes);
        let reply = created(&object, &snapshot);
        prop_assert_ne!(reply.reason, Reason::InternalError);
        prop_assert!(reply.denial.is_none_or(|denial| denial.len() <= 1024));
    }

    #[test]
    fn an_update_of_nothing_finds_nothing(object in generate::workload(), snapshot in snapshot()) {
        let reply = updated(&object, &object, &snapshot);
        prop_assert!(reply.findings.is_empty(), "{:?}", reply.findings);
    }

    /// An UPDATE never finds more than a CREATE of the same object would.
    #[test]
    fn an_update_finds_no_more_than_a_create(
        object in generate::workload(),
        old in generate::workload(),
        snapshot in snapshot(),
    ) {
        let of_create = created(&object, &snapshot).findings;
        for finding in updated(&object, &old, &snapshot).findings {
            prop_assert!(of_create.contains(&finding), "{finding}");
        }
    }

    /// What berth adds to a pod is never found to be wrong with it, and nothing of it is missed.
    #[test]
    fn a_placed_pod_has_no_faults_but_its_authors(object in generate::workload(), snapshot in snapshot()) {
        let reply = reviews::mutate(&Review::of(&object).body(), &snapshot);
        let patched = reviews::patched(&object, &reply.patch).unwrap();
        let before = created(&object, &snapshot).findings;
        let after = created(&patched, &snapshot).findings;
        // Where the cluster lacks the node pools for it, the architecture is what stays.
        let waits = |finding: &str| finding == "unschedulable" && reply.reason == Reason::Unavailable;
        let added: Vec<&String> = after
            .iter()
            .filter(|finding| !before.contains(finding) && !waits(finding))
            .collect();
        prop_assert!(added.is_empty(), "{added:?} after {}", reply.reason);
        prop_assert!(!after.contains(&"not-placed".to_owned()), "not-placed after {}", reply.reason);
    }

    /// A contradiction is what a search through all values that matter finds none for.
    #[test]
    fn contradictions_are_those_of_a_search(object in generate::workload()) {
        let snapshot = reviews::default_snapshot();
        let reply = created(&object, &snapshot);
        let found = reply.findings.iter().any(|finding| finding == "contradiction");
        let path = reviews::template_path(object["kind"].as_str().unwrap());
        let template = object.pointer(path).unwrap();
        let spec = &template["spec"];
        let exempt = spec["priorityClassName"] == "system-node-critical";
        prop_assert_eq!(found, !exempt && !satisfiable(spec));
    }

    /// T38, for the validating side.
    #[test]
    fn any_old_object_is_let_through(object in generate::workload(), old in generate::any_json()) {
        let snapshot = reviews::default_snapshot();
        let reply = updated(&object, &old, &snapshot);
        prop_assert_ne!(reply.reason, Reason::InternalError);
    }
}

/// Whether some node, whoever made it, could satisfy the selectors of a pod's spec.
fn satisfiable(spec: &Value) -> bool {
    alternatives(spec).iter().any(|all| satisfies_all(all))
}

/// The ways to satisfy the pod's selectors, each as requirements. A field names a node, and may name any.
pub(crate) fn alternatives(spec: &Value) -> Vec<Vec<Value>> {
    let selector = spec["nodeSelector"].as_object().into_iter().flatten();
    let selected: Vec<Value> = selector
        .map(|(key, value)| json!({"key": key, "operator": "In", "values": [value]}))
        .collect();
    let required =
        &spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    if required.is_null() {
        return vec![selected];
    }
    let terms = items(&required["nodeSelectorTerms"]).iter();
    let filled = terms.filter(|term| {
        !items(&term["matchExpressions"]).is_empty() || !items(&term["matchFields"]).is_empty()
    });
    filled
        .map(|term| [&selected, items(&term["matchExpressions"])].concat())
        .collect()
}

/// Whether some node could meet all of these requirements.
pub(crate) fn satisfies_all(requirements: &[Value]) -> bool {
    let mut by_key: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for requirement in requirements {
        let key = match requirement["key"].as_str().unwrap_or_default() {
            "beta.kubernetes.io/arch" => "kubernetes.io/arch",
            "failure-domain.beta.kubernetes.io/zone" => "topology.kubernetes.io/zone",
            key => key,
        };
        by_key.entry(key).or_default().push(requirement);
    }
    by_key.values().all(|requirements| {
        let mentioned = requirements
            .iter()
            .flat_map(|requirement| items(&requirement["values"]))
            .filter_map(Value::as_str);
        let mut values = BTreeSet::from([None, Some("another".to_owned())]);
        for value in mentioned {
            values.insert(Some(value.to_owned()));
            if let Ok(number) = value.parse::<i64>() {
                // A label's value cannot begin with a sign.
                values.insert(Some(number.saturating_sub(1).max(0).to_string()));
                values.insert(Some((number + 1).to_string()));
            }
        }
        values.iter().any(|value| {
            requirements
                .iter()
                .all(|requirement| requirement_matches(requirement, value.as_deref()))
        })
    })
}

#[test]
fn recorded_workloads_get_the_same_answer_before_and_after() {
    let corpus = laws::corpus_or_notice("the laws of the checks");
    let snapshot = reviews::default_snapshot();
    for (origin, object) in &corpus {
        let reply = updated(object, object, &snapshot);
        assert!(reply.findings.is_empty(), "{origin}: {:?}", reply.findings);
        let reply = reviews::mutate(&Review::of(object).body(), &snapshot);
        let patched = reviews::patched(object, &reply.patch).unwrap();
        let before = created(object, &snapshot).findings;
        for finding in created(&patched, &snapshot).findings {
            let known = before.contains(&finding) && finding != "not-placed";
            assert!(known, "{origin}: {finding}");
        }
    }
}

/// Objects that are made to take long, each of half a megabyte: an answer takes about as long as reading them.
#[test]
fn hostile_objects_do_not_take_long() {
    let pools: Vec<Value> = (0..96)
        .map(|number| {
            let name = format!("closed-{number}");
            json!({"name": name, "taints": [{"key": "karpenter.sh/nodepool", "value": name, "effect": "NoSchedule"}]})
        })
        .collect();
    let names: Vec<&Value> = pools.iter().map(|pool| &pool["name"]).collect();
    let mut policy = reviews::policy_with(&Value::Null);
    for (number, names) in names.chunks(32).enumerate() {
        policy["spec"]["pools"].as_array_mut().unwrap().push(json!({
            "name": format!("closed-{number}"),
            "nodePools": names,
            "namespaces": {"matchLabels": {"team": "payments"}},
        }));
    }
    let mut node_pools = reviews::shipped_node_pools();
    node_pools.extend(pools);
    let snapshot = World { policy, node_pools }.snapshot();
    let term = |expressions: Value| json!({"matchExpressions": expressions});
    let spec = |terms: Value| {
        json!({
            "tolerations": [{"key": "karpenter.sh/nodepool", "operator": "Exists"}, {"operator": "Exists"}],
            "affinity": {"nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms},
            }},
        })
    };
    let expression = |key: String, operator: &str, values: Value| json!({"key": key, "operator": operator, "values": values});
    let zone = || "topology.kubernetes.io/zone".to_owned();
    let many = |count: usize| {
        (0..count)
            .map(|number| format!("v{number}"))
            .collect::<Value>()
    };
    let selector: serde_json::Map<String, Value> = (0..20_000)
        .map(|number| (format!("example.com/k{number}"), "v".into()))
        .collect();
    let specs = [
        // Terms that nothing fits.
        spec(
            (0..8_000)
                .map(|number| {
                    term(json!([expression(
                        format!("k{number}"),
                        "Exists",
                        json!([])
                    )]))
                })
                .collect(),
        ),
        // Labels that every node pool meets.
        spec(json!([term(
            (0..8_000)
                .map(|number| expression(format!("k{number}"), "DoesNotExist", json!([])))
                .collect()
        )])),
        // One label, and requirements that each exclude a value of a long list.
        spec(json!([term(
            std::iter::once(expression(zone(), "In", many(20_000)))
                .chain((0..4_000).map(|_| expression(zone(), "NotIn", json!(["z"]))))
                .chain([expression(zone(), "In", json!(["other"]))])
                .collect()
        )])),
        spec(json!([term(
            std::iter::once(expression(zone(), "NotIn", many(20_000)))
                .chain((0..20_000).map(|number| expression(
                    zone(),
                    "Gt",
                    json!([number.to_string()])
                )))
                .collect()
        )])),
        json!({"nodeSelector": selector}),
        json!({"tolerations": (0..10_000)
            .map(|number| json!({"key": "karpenter.sh/nodepool", "value": format!("v{number}")}))
            .collect::<Value>()}),
    ];
    let without_key = specs.clone().map(|mut spec| {
        spec["tolerations"] = json!([{"operator": "Exists"}]);
        spec
    });
    for (number, spec) in specs.into_iter().chain(without_key).enumerate() {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "hostile"}, "spec": spec});
        let old = json!({"metadata": {"name": "hostile"}, "spec": spec});
        let begun = worked();
        let _ = reviews::mutate(&Review::of(&pod).body(), &snapshot);
        let _ = updated(&pod, &old, &snapshot);
        // Without optimisation, the object written and read many times by the test itself: some hundred times too long.
        let took = worked().saturating_sub(begun);
        assert!(took < Duration::from_secs(10), "object {number}: {took:?}");
    }
}

/// For how long this thread has worked, whatever else the machine has to do.
fn worked() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap()
}
