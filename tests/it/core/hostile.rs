//! Objects that are made to take long: an answer takes about as long as reading them.

use std::time::Duration;

use berth::encoding::json::ITEMS;
use berth::placement::Reason;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

use crate::harness::repository::policy_with;
use crate::harness::review::Review;
use crate::harness::snapshots;
use crate::model::names::{NODE_POOL, REQUIRED, ZONE};
use crate::model::worlds::World;

/// Returns the world that ships, with 96 more node pools, all closed to the pod's namespace.
fn world() -> World {
    let mut world = World::shipped();
    let numbered = |number: usize| format!("closed-{number}");
    for name in (0..96).map(numbered) {
        let taint = json!({"key": NODE_POOL, "value": name, "effect": "NoSchedule"});
        world
            .node_pools
            .push(json!({"name": name, "taints": [taint]}));
    }
    let pools = world.policy["spec"]["pools"].as_array_mut().unwrap();
    for number in 0..3 {
        let names: Vec<String> = (number * 32..(number + 1) * 32).map(numbered).collect();
        pools.push(json!({
            "name": numbered(number),
            "nodePools": names,
            "namespaces": {"matchLabels": {"team": "payments"}},
        }));
    }
    world
}

fn requirement(key: &str, operator: &str, values: &Value) -> Value {
    json!({"key": key, "operator": operator, "values": values})
}

/// Returns a spec with these terms, each a list of requirements.
fn with_terms(terms: impl IntoIterator<Item = Vec<Value>>) -> Value {
    let terms = terms.into_iter();
    let terms = terms.map(|requirements| json!({"matchExpressions": requirements}));
    json!({
        "tolerations": [{"key": NODE_POOL, "operator": "Exists"}, {"operator": "Exists"}],
        "affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": terms.collect::<Value>()}}},
    })
}

/// Returns specs of some hundred kilobytes each, with about as many items as berth reads.
fn specs() -> [Value; 6] {
    let key = |number: usize| format!("k{number}");
    let many: Value = (0..8_000).map(|number| format!("v{number}")).collect();
    let none = json!([]);
    let no_node_pool_fits =
        (0..7_000).map(|number| vec![requirement(&key(number), "Exists", &none)]);
    let every_node_pool_fits =
        (0..8_000).map(|number| requirement(&key(number), "DoesNotExist", &none));
    let one_of_many = [requirement(ZONE, "In", &many)].into_iter();
    let each_but_one = (0..4_000).map(|_| requirement(ZONE, "NotIn", &json!(["z"])));
    let another = [requirement(ZONE, "In", &json!(["other"]))];
    let none_of_many = [requirement(ZONE, "NotIn", &many)].into_iter();
    let bounds = (0..3_500).map(|number| requirement(ZONE, "Gt", &json!([number.to_string()])));
    let selector: serde_json::Map<String, Value> = (0..16_000)
        .map(|number| (format!("example.com/k{number}"), "v".into()))
        .collect();
    let tolerations: Value = (0..10_000)
        .map(|number| json!({"key": NODE_POOL, "value": format!("v{number}")}))
        .collect();
    [
        with_terms(no_node_pool_fits),
        with_terms([every_node_pool_fits.collect()]),
        with_terms([one_of_many.chain(each_but_one).chain(another).collect()]),
        with_terms([none_of_many.chain(bounds).collect()]),
        json!({"nodeSelector": selector}),
        json!({"tolerations": tolerations}),
    ]
}

/// Returns the time for which this thread has worked, however busy the machine is.
fn worked() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap()
}

#[test]
fn hostile_objects_do_not_take_long() {
    let snapshot = world().snapshot();
    let without_key = specs().map(|mut spec| {
        spec["tolerations"] = json!([{"operator": "Exists"}]);
        spec
    });
    for (number, spec) in specs().into_iter().chain(without_key).enumerate() {
        let metadata = json!({"name": "hostile"});
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec});
        let old = json!({"metadata": metadata, "spec": spec});
        let begun = worked();
        let mutated = Review::of(&pod).mutate(&snapshot);
        assert_ne!(mutated.reason, Reason::Malformed, "object {number}");
        let _ = Review::of_update(&pod, &old).validate(&snapshot);
        // Without optimisation, and with the test's own writing and reading, this takes some hundred times too long.
        let took = worked().saturating_sub(begun);
        assert!(took < Duration::from_secs(10), "object {number}: {took:?}");
    }
}

/// A list of a few bytes an item would fill the memory. berth builds no more than any pod has, and what it has not read
/// opens nothing.
#[test]
fn an_object_with_more_than_anybody_writes_is_left_alone_and_denied() {
    let snapshot = world().snapshot();
    let pod = |items: u32| {
        let tolerations = (0..items).map(|_| json!({"key": "a", "operator": "Exists"}));
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "wide"},
            "spec": {"tolerations": tolerations.collect::<Value>()},
        })
    };
    let most = Review::of(&pod(ITEMS));
    assert_eq!(most.mutate(&snapshot).reason, Reason::Placed);
    assert!(most.validate(&snapshot).allowed);
    let more = Review::of(&pod(ITEMS + 1));
    let mutated = more.mutate(&snapshot);
    assert_eq!(mutated.reason, Reason::Malformed);
    assert!(mutated.patch.is_empty());
    let validated = more.validate(&snapshot);
    let denial = validated.denial.unwrap_or_default();
    assert!(denial.contains("more than 16384 tolerations"), "{denial}");
    assert_eq!(validated.findings, ["not-entitled"]);
    for (policy, found) in [
        (json!({"validation": {"notEntitled": "Off"}}), None),
        (json!({"mode": "Audit"}), Some("not-entitled")),
    ] {
        let snapshot = snapshots::snapshot(&policy_with(&policy), None).unwrap();
        let validated = more.validate(&snapshot);
        assert!(validated.allowed, "{policy}");
        assert!(validated.findings.iter().eq(found), "{policy}");
    }
    let of_no_pod = Review {
        kind: "Widget".to_owned(),
        ..Review::of(&pod(ITEMS + 1))
    };
    assert!(of_no_pod.validate(&snapshot).allowed);
    let mut of_system = more;
    of_system.request["namespace"] = json!("kube-system");
    assert!(of_system.validate(&snapshot).allowed);
}
