//! The shipped node pools, on a provider whose instances are only node objects.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::api::{Api, path, text};
use super::cluster::condition;
use super::{eventually, manifests, repository};

/// Creates the shipped node pools, and waits until Karpenter accepts them.
///
/// Their node class differs, because there is no AWS to make the nodes of an `EC2NodeClass`, and so do their limits: these
/// instances have up to 256 vCPUs, and Karpenter counts a node in the making as the largest that it may become.
pub(crate) async fn apply(api: &Api) -> anyhow::Result<()> {
    apply_those_of(api, "deploy/platforms/karpenter").await
}

/// Does the same for the node pools of a directory of the repository.
pub(crate) async fn apply_those_of(api: &Api, directory: &str) -> anyhow::Result<()> {
    let mut node_pools = manifests(&repository(directory))?;
    node_pools.retain(|object| text(object, "/kind") == "NodePool");
    ensure!(!node_pools.is_empty(), "{directory}");
    for node_pool in &mut node_pools {
        node_pool["spec"]["template"]["spec"]["nodeClassRef"] = node_class();
        node_pool["spec"]["limits"] = json!({"cpu": "10000"});
        api.apply(node_pool).await?;
    }
    for node_pool in &node_pools {
        ready(api, node_pool).await?;
    }
    Ok(())
}

/// Returns a node pool's reference to the node class of these tests.
pub(crate) fn node_class() -> Value {
    json!({"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": "default"})
}

/// Waits until Karpenter accepts a node pool.
pub(crate) async fn ready(api: &Api, node_pool: &Value) -> anyhow::Result<()> {
    let path = path(node_pool);
    eventually(&format!("{path} is ready"), async || {
        let stored = api.get(&path).await?.unwrap_or_default();
        Ok(condition(&stored, "Ready").then_some(()))
    })
    .await
}

/// Waits until Karpenter has judged a node pool: it is ready, or its node class does not exist. Returns it as it is then.
pub(crate) async fn settled(api: &Api, node_pool: &Value) -> anyhow::Result<Value> {
    let path = path(node_pool);
    eventually(&format!("{path} is judged"), async || {
        let stored = api.get(&path).await?.unwrap_or_default();
        let conditions = stored
            .pointer("/status/conditions")
            .and_then(Value::as_array);
        let mut conditions = conditions.into_iter().flatten();
        let lacks_class = conditions.any(|condition| {
            text(condition, "/type") == "NodeClassReady"
                && text(condition, "/reason") == "NodeClassNotFound"
        });
        Ok((condition(&stored, "Ready") || lacks_class).then_some(stored))
    })
    .await
}

/// Keeps the scheduler off all nodes that there are, so that new pods need new nodes.
pub(crate) async fn cordon(api: &Api) -> anyhow::Result<()> {
    for node in api.list("/api/v1/nodes").await? {
        let path = format!("/api/v1/nodes/{}", text(&node, "/metadata/name"));
        // A node that goes in the meantime is as good as cordoned.
        let cordoned = api
            .merge(&path, &json!({"spec": {"unschedulable": true}}))
            .await;
        if api.get(&path).await?.is_some() {
            cordoned?;
        }
    }
    Ok(())
}

/// The place of a pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) node: String,
    pub(crate) node_pool: String,
    pub(crate) capacity_type: String,
    pub(crate) arch: String,
}

impl Place {
    /// Reads the labels of a node.
    pub(crate) fn of(node: &Value) -> Self {
        let label = |key: &str| text(node, &format!("/metadata/labels/{key}")).to_owned();
        Self {
            node: text(node, "/metadata/name").to_owned(),
            node_pool: label("karpenter.sh~1nodepool"),
            capacity_type: label("karpenter.sh~1capacity-type"),
            arch: label("kubernetes.io~1arch"),
        }
    }

    /// Returns the place without the node's own name.
    pub(crate) fn kind(&self) -> (&str, &str, &str) {
        (&self.node_pool, &self.capacity_type, &self.arch)
    }
}

/// Returns the places of all nodes, by name.
pub(crate) async fn places(api: &Api) -> anyhow::Result<BTreeMap<String, Place>> {
    let nodes = api.list("/api/v1/nodes").await?;
    let places = nodes.iter().map(Place::of);
    Ok(places.map(|place| (place.node.clone(), place)).collect())
}

/// Waits until this many pods with the label are bound, and returns their places.
pub(crate) async fn bound(
    api: &Api,
    namespace: &str,
    selector: &str,
    count: usize,
) -> anyhow::Result<Vec<Place>> {
    let path = format!("/api/v1/namespaces/{namespace}/pods?labelSelector={selector}");
    let mut seen = BTreeMap::new();
    let what = format!("{count} pods with {selector} are bound");
    eventually(&what, async || {
        // A node can go as soon as its pods end.
        seen.extend(places(api).await?);
        let pods = api.list(&path).await?;
        let places = pods
            .iter()
            .filter_map(|pod| seen.get(text(pod, "/spec/nodeName")).cloned());
        let places: Vec<Place> = places.collect();
        Ok((places.len() == count).then_some(places))
    })
    .await
    .with_context(|| format!("in {namespace}"))
}

/// Waits until Karpenter says why it can make no node for a pod, and returns the message.
pub(crate) async fn refusal(api: &Api, namespace: &str, pod: &str) -> anyhow::Result<String> {
    let path = format!("/api/v1/namespaces/{namespace}/events");
    eventually(&format!("Karpenter says why {pod} waits"), async || {
        let events = api.list(&path).await?;
        // The scheduler gives the same reason, under its own name.
        let refusal = events.iter().find(|event| {
            text(event, "/reason") == "FailedScheduling"
                && text(event, "/reportingComponent") == "karpenter"
                && text(event, "/involvedObject/name").starts_with(pod)
        });
        Ok(refusal.map(|event| text(event, "/message").to_owned()))
    })
    .await
}
