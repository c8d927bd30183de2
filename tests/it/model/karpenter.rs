//! Karpenter's rules on node pools, written from its documentation over plain values: a node pool fits if, for each
//! label that a pod speaks of, some value is allowed by both. They are entries of a policy's catalogue.

use serde_json::Value;

use super::instances::architectures;
use super::names::{ARCH, CAPACITY_TYPE, HOSTNAME, INSTANCE_TYPE, NODE_POOL, OS, ZONE};
use super::scheduler::items;
use super::selectors::{allow, constrains, keys, labelled, on, one_of, worth_trying};

/// The labels that every node of every node pool has.
const ON_EVERY_NODE: [&str; 4] = [ARCH, OS, ZONE, INSTANCE_TYPE];

/// Returns the label by which a node pool's nodes carry its name.
pub(crate) fn node_label(node_pool: &Value) -> &str {
    node_pool["nodeLabel"].as_str().unwrap_or(NODE_POOL)
}

/// Returns the taints of a node pool that keep pods away.
pub(crate) fn hard_taints(node_pool: &Value) -> Vec<&Value> {
    let hard = |taint: &&Value| taint["effect"] != "PreferNoSchedule";
    items(&node_pool["taints"]).iter().filter(hard).collect()
}

/// Returns all that a node pool says of the labels of its nodes. Its instance types say which architectures there are.
pub(crate) fn said(node_pool: &Value) -> Vec<Value> {
    let labels = labelled(&node_pool["labels"]);
    let mut said = [&labels, items(&node_pool["requirements"])].concat();
    if node_label(node_pool) == NODE_POOL {
        let made = architectures(&said);
        if !made.is_empty() {
            said.push(one_of(ARCH, made));
        }
    }
    said
}

/// True if the nodes of a node pool have the label.
pub(crate) fn has_label(node_pool: &Value, key: &str) -> bool {
    let said = said(node_pool);
    let mut values = worth_trying(on(&said, key));
    values.insert(node_pool["name"].as_str().map(str::to_owned));
    let mut values = values.iter().flatten();
    key == HOSTNAME || values.any(|value| makes(node_pool, key, Some(value)))
}

/// True if a node pool can make a node with this value of the label; `None` stands for a node without the label.
pub(crate) fn makes(node_pool: &Value, key: &str, value: Option<&str>) -> bool {
    if key == node_label(node_pool) {
        return value == node_pool["name"].as_str();
    }
    let by_karpenter = node_label(node_pool) == NODE_POOL;
    let always = ON_EVERY_NODE.contains(&key) || (by_karpenter && key == CAPACITY_TYPE);
    if value.is_none() && always {
        return false;
    }
    let said = said(node_pool);
    if constrains(&said, key) {
        return allow(&said, key, value);
    }
    let known = key.starts_with("karpenter.k8s.aws/");
    match value {
        Some(_) => always || (by_karpenter && known),
        None => !always,
    }
}

/// True if a node pool can make a node for all of these requirements.
pub(crate) fn meets(node_pool: &Value, requirements: &[Value]) -> bool {
    let said = said(node_pool);
    keys(requirements).into_iter().all(|key| {
        let mut values = worth_trying(on(requirements, key).chain(on(&said, key)));
        // Nobody has to list the name of the node pool for its nodes to have it.
        values.insert(node_pool["name"].as_str().map(str::to_owned));
        values.iter().any(|value| {
            let value = value.as_deref();
            makes(node_pool, key, value) && allow(requirements, key, value)
        })
    })
}
