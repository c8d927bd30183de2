//! The page on falling back: its node pool and its policy do what it says.

use berth::node::{Catalogue, NodePool};
use berth::placement::{Reason, Snapshot};
use berth::policy::read_policy_object;
use serde_json::{Value, json};

use super::manifests::of_kind;
use super::monitoring::recorded;
use crate::harness::review::Review;
use crate::harness::{repository, snapshots};
use crate::model::scheduler::items;

/// Returns the YAML blocks of the page: a node pool, lines of a policy, and an alert.
fn blocks() -> [Value; 3] {
    let page = repository::text_of("docs/fallback.md");
    let blocks = page.split("```yaml\n").skip(1);
    let blocks = blocks.map(|block| {
        let text = block.split("```").next().unwrap();
        repository::values_of(text).remove(0)
    });
    blocks.collect::<Vec<_>>().try_into().unwrap()
}

/// Makes the snapshot of a cluster that has Karpenter's node pools and the page's, with the page's policy.
fn snapshot() -> Snapshot {
    let [second, lines, _] = blocks();
    let mut node_pools = of_kind("deploy/platforms/karpenter", "NodePool");
    node_pools.push(second);
    let mut catalogue = Catalogue::default();
    for node_pool in node_pools {
        let node_pool = NodePool::from_object(node_pool).unwrap();
        catalogue.insert(node_pool).unwrap();
    }
    let changed = &lines["pools"][0];
    let mut pools = items(&repository::shipped_policy()["spec"]["pools"]).to_vec();
    for pool in &mut pools {
        if pool["name"] == changed["name"] {
            pool["nodePools"] = changed["nodePools"].clone();
        }
    }
    let policy = repository::policy_with(&json!({"pools": pools}));
    let (policy, _) = read_policy_object(&policy).unwrap();
    snapshots::opted_in(policy, catalogue).unwrap()
}

#[test]
fn pods_are_bound_to_both_node_pools_and_get_into_the_second() {
    let inflate = repository::value_of("deploy/examples/inflate.yaml");
    let snapshot = snapshot();
    let verdict = Review::of(&inflate).mutate(&snapshot);
    assert_eq!(verdict.reason, Reason::Placed);
    let patched = verdict.patched(&inflate).unwrap();
    let spec = &patched["spec"]["template"]["spec"];
    let terms = &spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    let bound = items(&terms["nodeSelectorTerms"][0]["matchExpressions"]).iter();
    let mut bound = bound.filter(|one| one["key"] == "karpenter.sh/nodepool");
    let bound = &bound.next().unwrap()["values"];
    assert_eq!(*bound, json!(["amd64-default", "amd64-fallback"]));
    let keys = items(&spec["tolerations"]).iter();
    let tolerated: Vec<&Value> = keys.map(|toleration| &toleration["value"]).collect();
    assert_eq!(tolerated, ["amd64-fallback"]);
    let findings = Review::of(&inflate).validate(&snapshot).findings;
    assert_eq!(findings, [""; 0]);
}

/// Karpenter tries it after every node pool with a weight, and no other pod gets in.
#[test]
fn the_second_node_pool_comes_last_and_is_closed() {
    let [second, ..] = blocks();
    assert_eq!(second["spec"]["weight"], Value::Null);
    let name = &second["metadata"]["name"];
    let taint = &second["spec"]["template"]["spec"]["taints"][0];
    assert_eq!(taint["value"], *name);
    let mut first = of_kind("deploy/platforms/karpenter", "NodePool").into_iter();
    let first = first.find(|one| one["metadata"]["name"] == "amd64-default");
    let requirements = |node_pool: &Value| {
        let mut requirements =
            items(&node_pool["spec"]["template"]["spec"]["requirements"]).to_vec();
        requirements.retain(|one| one["key"] != "karpenter.sh/capacity-type");
        requirements
    };
    assert_eq!(requirements(&second), requirements(&first.unwrap()));
}

#[test]
fn the_alert_asks_for_a_series_that_is_recorded() {
    let [_, _, alerts] = blocks();
    let expr = alerts[0]["expr"].as_str().unwrap();
    assert!(recorded().iter().any(|name| expr.contains(name)), "{expr}");
}
