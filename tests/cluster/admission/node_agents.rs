//! Node agents where entitlement is a boundary: the pods that the real `DaemonSet` controller makes.

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::harness::api::{path, text};
use crate::harness::boundary::{ENTITLED, close, put_up};
use crate::harness::cluster::Cluster;
use crate::harness::scene::Scene;
use crate::harness::{eventually, node_pools};

/// A node of the closed pool, and one of no node pool at all.
const NODES: [&str; 2] = ["closed-node", "open-node"];

/// A `DaemonSet` gets no pod onto a closed node pool, unless its namespace may use the pool, and no other is kept from any.
pub(crate) async fn node_agents(cluster: &Cluster) -> anyhow::Result<()> {
    node_pools::apply(&cluster.api).await?;
    let scene = Scene::following(cluster).await?;
    close(cluster).await?;
    eventually("the policy is in force", async || {
        let path = "/apis/placement.truemark.io/v1alpha1/placementpolicies/default";
        let policy = cluster.api.get(path).await?.unwrap_or_default();
        let is_known = policy["status"]["observedGeneration"] == policy["metadata"]["generation"];
        Ok(is_known.then_some(()))
    })
    .await?;
    put_up(cluster, &scene.setup, &scene.authority).await?;
    for (namespace, entitled) in [("agents", "false"), ("agents-entitled", "true")] {
        let object = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": namespace, "labels": {ENTITLED: entitled}},
        });
        cluster.api.apply(&object).await?;
        cluster.service_account(namespace).await?;
    }
    for (name, taints) in NODES.into_iter().zip([
        json!([{"key": "karpenter.sh/nodepool", "value": "truemark-amd64", "effect": "NoSchedule"}]),
        json!([]),
    ]) {
        let node = json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "node-agents": "here"}},
            "spec": {"taints": taints},
        });
        cluster.api.apply(&node).await?;
    }
    let everything = json!([{"operator": "Exists"}]);
    let by_key = json!([{"key": "karpenter.sh/nodepool", "operator": "Exists"}]);
    let agents = [
        agent("agents", "everywhere", &everything),
        agent("agents", "by-key", &by_key),
        agent("agents", "modest", &json!([])),
        agent("agents-entitled", "everywhere", &everything),
        agent("agents-entitled", "by-key", &by_key),
    ];
    for agent in &agents {
        cluster.api.apply(agent).await?;
    }
    for (agent, nodes) in agents[2..].iter().zip([&NODES[1..], &NODES, &NODES]) {
        eventually(&format!("{} has its pods", path(agent)), async || {
            Ok((nodes_of(cluster, agent).await? == nodes).then_some(()))
        })
        .await?;
    }
    for agent in &agents[..2] {
        let message = failure(cluster, agent).await?;
        for part in [
            "not-entitled: spec.tolerations[0]: lets the pod into truemark-amd64",
            "ask an administrator to label namespace agents truemark.io/entitled=true",
        ] {
            ensure!(message.contains(part), "{message}");
        }
        // Its author hears of nothing that berth does not judge in a DaemonSet's pod.
        ensure!(!message.contains("wildcard-toleration"), "{message}");
        ensure!(nodes_of(cluster, agent).await?.is_empty(), "it got in");
    }

    for agent in &agents {
        cluster.api.delete(&path(agent)).await?;
    }
    for name in NODES {
        cluster.api.delete(&format!("/api/v1/nodes/{name}")).await?;
    }
    let policies = "/apis/placement.truemark.io/v1alpha1/placementpolicies";
    cluster.api.delete(policies).await
}

/// Returns a `DaemonSet` for the nodes of this test.
fn agent(namespace: &str, name: &str, tolerations: &Value) -> Value {
    let labels = json!({"app": name});
    json!({
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "nodeSelector": {"node-agents": "here"},
                    "tolerations": tolerations,
                    "containers": [{"name": "main", "image": "none"}],
                },
            },
        },
    })
}

/// Returns the nodes for which the controller has made pods of a `DaemonSet`, in order.
async fn nodes_of(cluster: &Cluster, agent: &Value) -> anyhow::Result<Vec<String>> {
    let namespace = text(agent, "/metadata/namespace");
    let name = text(agent, "/metadata/name");
    let path = format!("/api/v1/namespaces/{namespace}/pods?labelSelector=app%3D{name}");
    let pods = cluster.api.list(&path).await?;
    let node = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchFields/0/values/0";
    let mut nodes: Vec<String> = pods.iter().map(|pod| text(pod, node).to_owned()).collect();
    nodes.sort();
    Ok(nodes)
}

/// Waits until the controller says why it cannot make a pod of a `DaemonSet`.
async fn failure(cluster: &Cluster, agent: &Value) -> anyhow::Result<String> {
    let namespace = text(agent, "/metadata/namespace");
    let events = format!("/api/v1/namespaces/{namespace}/events");
    let what = format!("{} is refused", path(agent));
    let message = eventually(&what, async || {
        let events = cluster.api.list(&events).await?;
        let found = events.iter().find(|event| {
            text(event, "/reason") == "FailedCreate"
                && text(event, "/involvedObject/kind") == "DaemonSet"
                && text(event, "/involvedObject/name") == text(agent, "/metadata/name")
        });
        Ok(found.map(|event| text(event, "/message").to_owned()))
    });
    message.await.context("no event")
}
