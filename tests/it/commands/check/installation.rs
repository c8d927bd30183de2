//! `berth check --cluster` finds everything that an installation lacks besides its registration.

use berth::preflight::installation::{Absence, Collection, Unseen, check_installation};
use berth::preflight::{Assessment, Object};
use serde_json::{Value, json};

use super::object;
use crate::harness::kustomize::rendered;
use crate::harness::repository;

fn deployment(ready: i64) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "berth", "namespace": "berth-system"},
        "spec": {"replicas": 2},
        "status": {"readyReplicas": ready},
    })
}

/// The shipped policy in its second generation, with a condition on one of them.
fn policy(accepted: &str, generation: i64) -> Value {
    let mut policy = repository::shipped_policy();
    policy["metadata"]["generation"] = json!(2);
    let condition = json!({
        "type": "Accepted",
        "status": accepted,
        "reason": "Invalid",
        "message": "spec.rules: no",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
        "observedGeneration": generation,
    });
    policy["status"] = json!({"observedGeneration": generation, "conditions": [condition]});
    policy
}

/// An installation that lacks nothing.
fn well() -> Vec<Value> {
    let shipped = repository::shipped_node_pools().into_iter();
    let node_pools = shipped.map(|node_pool| {
        let metadata = json!({"name": node_pool["name"]});
        json!({"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": metadata})
    });
    node_pools
        .chain([deployment(2), policy("True", 2)])
        .collect()
}

fn without(kind: &str) -> Vec<Value> {
    let mut objects = well();
    objects.retain(|object| object["kind"] != kind);
    objects
}

/// With another object in the place of that of its kind.
fn with(other: Value) -> Vec<Value> {
    let mut objects = without(other["kind"].as_str().unwrap());
    objects.push(other);
    objects
}

/// Severity, object and field of each finding, in the cluster of a minor version and with webhooks that fail.
fn found(objects: &[Value], minor: &str, unseen: &Unseen) -> Vec<String> {
    let objects: Vec<Object<'_>> = objects.iter().map(object).collect();
    let registration = Assessment {
        webhooks: 1,
        fails_closed: true,
        ..Assessment::default()
    };
    let faults = check_installation(&objects, ("1", minor), unseen, &registration);
    let lines = faults.iter().map(|fault| {
        let parts = [fault.severity.as_str(), &fault.object, &fault.field];
        parts.join(", ")
    });
    lines.collect()
}

#[test]
fn versions_older_than_match_conditions_are_errors() {
    for (minor, expected) in [
        ("34", None),
        ("30+", None),
        ("29+", Some("error, API server 1.29+, ")),
        ("", Some("warning, API server 1., ")),
    ] {
        let found = found(&well(), minor, &Unseen::new());
        assert_eq!(found.first().map(String::as_str), expected, "{minor}");
    }
}

#[test]
fn what_an_installation_lacks_is_found() {
    let replicas = "Deployment berth-system/berth, status.readyReplicas";
    let status = "warning, PlacementPolicy default, status.conditions";
    let mut leaving = well();
    // The pool `batch` names it.
    let node_pool = leaving
        .iter_mut()
        .find(|object| object["metadata"]["name"] == "amd64-batch");
    node_pool.unwrap()["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    let cases = [
        (well(), vec![]),
        (with(deployment(0)), vec![format!("error, {replicas}")]),
        (with(deployment(1)), vec![format!("warning, {replicas}")]),
        (
            without("Deployment"),
            vec!["warning, Deployment, ".to_owned()],
        ),
        (with(policy("False", 2)), vec![status.to_owned()]),
        (with(policy("True", 1)), vec![status.to_owned()]),
        // The compiled-in one is in force.
        (without("PlacementPolicy"), vec![]),
        (
            leaving,
            vec!["warning, PlacementPolicy default, spec.pools[2].nodePools".to_owned()],
        ),
    ];
    for (objects, expected) in cases {
        assert_eq!(found(&objects, "34", &Unseen::new()), expected);
    }
}

/// The roles of an installation, by kustomizations, and a policy with a split pool.
fn split(kustomizations: &[&str]) -> Vec<Value> {
    let mut policy = policy("True", 2);
    policy["spec"]["pools"][0]["onDemand"] =
        json!({"nodePools": ["truemark-amd64", "truemark-arm64"], "baseCapacity": 2});
    let mut objects = with(policy);
    for kustomization in kustomizations {
        let rendered = repository::values_of(&rendered(kustomization));
        let mut kept = rendered;
        kept.retain(|object| {
            let kind = object["kind"].as_str().unwrap_or_default();
            kind == "Deployment" || kind.starts_with("ClusterRole")
        });
        objects.extend(kept);
    }
    // The replicas are there.
    for object in &mut objects {
        if object["kind"] == "Deployment" {
            object["status"] = json!({"readyReplicas": 2});
        }
    }
    objects
}

/// A split pool needs the right to see pods, and nothing is concluded from roles that could not be read.
#[test]
fn a_split_pool_without_the_right_to_see_pods_is_found() {
    let without = split(&["deploy"]);
    let missing = "warning, PlacementPolicy default, spec.pools[0].onDemand";
    assert_eq!(found(&without, "34", &Unseen::new()), [missing]);
    let with = split(&["deploy", "deploy/count-pods"]);
    assert!(found(&with, "34", &Unseen::new()).is_empty());
    let unseen = Unseen::from([(Collection::ClusterRoles, Absence::Forbidden)]);
    let expected = ["warning, clusterroles, "];
    assert_eq!(found(&without, "34", &unseen), expected);
    let mut unsplit = split(&["deploy"]);
    unsplit.retain(|object| object["kind"] != "PlacementPolicy");
    assert!(found(&unsplit, "34", &Unseen::new()).is_empty());
}

/// A collection that could not be read is reported, once, and nothing is concluded from it.
#[test]
fn what_was_not_seen_is_not_missing() {
    for (kind, resource, absence) in [
        ("PlacementPolicy", Collection::Policies, Absence::NotServed),
        ("PlacementPolicy", Collection::Policies, Absence::Forbidden),
        ("NodePool", Collection::NodePools, Absence::Forbidden),
        ("Deployment", Collection::Deployments, Absence::Forbidden),
    ] {
        let unseen = Unseen::from([(resource, absence)]);
        let expected = [format!("warning, {resource}, ")];
        assert_eq!(found(&without(kind), "34", &unseen), expected, "{absence}");
    }
    // Node pools that the cluster does not serve are not there, but for those that the policy describes.
    let unseen = Unseen::from([(Collection::NodePools, Absence::NotServed)]);
    let found = found(&without("NodePool"), "34", &unseen);
    assert_eq!(found.len(), 4, "a note, and three pools: {found:?}");
}
