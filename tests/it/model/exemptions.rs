//! The pods that stay alone unless they ask for a pool by their own label, once more: over whole value trees, by the rules
//! of kube-scheduler, and sharing no line with the code that they judge.

use berth::placement::Reason;
use serde_json::{Value, json};

use super::instances::has_gpus;
use super::karpenter::{node_label, said};
use super::names::{CRITICAL_ADDONS, HOSTNAME, NODE_POOL, POOL_LABEL, REQUIRED};
use super::oracle::named;
use super::scheduler::{items, requirement_matches};
use super::worlds::World;
use crate::harness::snapshots::NAMESPACE;

/// The reasons that this page knows.
const REASONS: [Reason; 3] = [
    Reason::CriticalAddon,
    Reason::BesideOthers,
    Reason::SpecialResource,
];

/// Reports a reason that is not that of a template whose pods the rule matches, in the namespace of a review.
pub(crate) fn difference(
    world: &World,
    template: &Value,
    rule: &str,
    reason: Reason,
) -> Option<String> {
    let expected = expected(world, template, rule);
    let found = REASONS.contains(&reason).then_some(reason);
    (found != expected).then(|| format!("{reason} instead of {expected:?}"))
}

fn expected(world: &World, template: &Value, rule: &str) -> Option<Reason> {
    let policy = &world.policy["spec"];
    let place = &named(&policy["rules"], rule)["place"];
    if !place["poolFromLabel"].is_null() {
        return None;
    }
    let of_namespace = place.get("poolFromNamespaceLabel");
    let of_namespace = of_namespace.and(world.of_namespace);
    let name = place["pool"].as_str().or(of_namespace);
    let mut pools = items(&policy["pools"]).iter();
    let pool = name.and_then(|name| pools.find(|pool| pool["name"] == name));
    let spec = &template["spec"];
    if is_addon(spec) && !pool.is_some_and(|pool| is_for_addons(world, pool)) {
        Some(Reason::CriticalAddon)
    } else if is_beside_others(template, pool) {
        Some(Reason::BesideOthers)
    } else {
        let is_special =
            wants_special_nodes(spec) && !pool.is_some_and(|pool| has_gpus_for(world, pool, spec));
        is_special.then_some(Reason::SpecialResource)
    }
}

/// True if a node pool of the pool makes nodes with the GPU that the pod asks for, and the pod asks for no other device.
/// Only Karpenter's say what they make.
fn has_gpus_for(world: &World, pool: &Value, spec: &Value) -> bool {
    let one_gpu = json!([{"name": "app", "resources": {"limits": {"nvidia.com/gpu": "1"}}}]);
    let listed = items(&pool["nodePools"]);
    let mut node_pools = world.cluster();
    spec["containers"] == one_gpu
        && items(&spec["resourceClaims"]).is_empty()
        && node_pools.any(|node_pool| {
            listed.contains(&node_pool["name"])
                && node_label(node_pool) == NODE_POOL
                && has_gpus(&said(node_pool), 1)
        })
}

fn is_addon(spec: &Value) -> bool {
    let operators = [json!("Exists"), json!("Equal"), json!(""), Value::Null];
    items(&spec["tolerations"]).iter().any(|toleration| {
        toleration["key"] == CRITICAL_ADDONS && operators.contains(&toleration["operator"])
    })
}

fn is_for_addons(world: &World, pool: &Value) -> bool {
    world.cluster().any(|node_pool| {
        let mut taints = items(&node_pool["taints"]).iter();
        items(&pool["nodePools"]).contains(&node_pool["name"])
            && taints.any(|taint| taint["key"] == CRITICAL_ADDONS)
    })
}

/// True if one of the terms on the host selects pods, and the pod as berth would place it is not among them.
fn is_beside_others(template: &Value, pool: Option<&Value>) -> bool {
    let mut labels = match &template["metadata"]["labels"] {
        Value::Object(_) => template["metadata"]["labels"].clone(),
        _ => json!({}),
    };
    if let Some(pool) = pool
        && labels.get(POOL_LABEL).is_none()
    {
        labels[POOL_LABEL] = pool["name"].clone();
    }
    let terms = &template["spec"]["affinity"]["podAffinity"][REQUIRED];
    let on_host = items(terms).iter();
    let mut on_host = on_host.filter(|term| term["topologyKey"] == HOSTNAME);
    on_host.any(|term| !selects(term, &labels))
}

/// True if a term selects a pod with these labels in the namespace of a review.
fn selects(term: &Value, labels: &Value) -> bool {
    let names = items(&term["namespaces"]);
    let selector = &term["namespaceSelector"];
    let of_namespace = json!({"kubernetes.io/metadata.name": NAMESPACE, "placement.truemark.io/injection": "enabled"});
    let in_namespace = names.iter().any(|name| name == NAMESPACE)
        || (names.is_empty() && selector.is_null())
        || matches(selector, &of_namespace);
    let mut mismatched = items(&term["mismatchLabelKeys"]).iter();
    let differs = mismatched.any(|key| labels.get(key.as_str().unwrap()).is_some());
    in_namespace && !differs && matches(&term["labelSelector"], labels)
}

/// True if a label selector matches labels. One that is missing matches nothing.
fn matches(selector: &Value, labels: &Value) -> bool {
    let value = |key: &str| labels.get(key).and_then(Value::as_str);
    let Value::Object(fields) = selector else {
        return false;
    };
    let listed = fields.get("matchLabels").and_then(Value::as_object);
    let mut listed = listed.into_iter().flatten();
    let expressions = items(&selector["matchExpressions"]).iter();
    listed.all(|(key, wanted)| value(key) == wanted.as_str()) && { expressions }.all(|expression| {
        requirement_matches(expression, value(expression["key"].as_str().unwrap()))
    })
}

/// True if the pod asks for a device.
fn wants_special_nodes(spec: &Value) -> bool {
    let containers = ["containers", "initContainers"].map(|field| items(&spec[field]));
    let amounts = containers
        .into_iter()
        .flatten()
        .flat_map(|container| ["requests", "limits"].map(|field| &container["resources"][field]));
    let mut names = amounts.filter_map(Value::as_object).flatten();
    !items(&spec["resourceClaims"]).is_empty()
        || names.any(|(name, amount)| {
            let is_none = *amount == "0" || *amount == 0;
            let is_known = name.contains("kubernetes.io/") || name == "vpc.amazonaws.com/pod-eni";
            name.contains('/') && !is_known && !is_none
        })
}
