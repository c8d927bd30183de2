//! A node pool at its limit.

use serde_json::json;

use super::pools::{complete, job};
use crate::harness::api::{Persist, text};
use crate::harness::cluster::Cluster;
use crate::harness::node_pools;
use crate::harness::scene::{Injection, Scene, namespace};

const NODE_POOL: &str = "/apis/karpenter.sh/v1/nodepools/amd64-batch";

/// A batch pod waits while its node pool is at its limit, takes no other's nodes, and runs once the node pool may grow.
pub(crate) async fn at_its_limit(cluster: &Cluster) -> anyhow::Result<()> {
    let _scene = Scene::following(cluster).await?;
    let api = &cluster.api;
    node_pools::apply(api).await?;
    namespace(cluster, "limits", Injection::Enabled).await?;
    api.merge(NODE_POOL, &json!({"spec": {"limits": {"cpu": "0"}}}))
        .await?;
    let mut waiting = job("limits", "waiting");
    // No node of an earlier test has this much left.
    let requests = json!({"cpu": "3500m"});
    waiting["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"] = requests;
    api.create(&waiting, Persist::Store).await?.ok()?;

    let reason = node_pools::refusal(api, "limits", "waiting-").await?;
    assert!(reason.contains("limits"), "{reason}");
    let pods = api.list("/api/v1/namespaces/limits/pods").await?;
    let nodes: Vec<&str> = pods.iter().map(|pod| text(pod, "/spec/nodeName")).collect();
    assert_eq!(nodes, [""]);

    api.merge(NODE_POOL, &json!({"spec": {"limits": {"cpu": "200"}}}))
        .await?;
    complete(cluster, "limits", "waiting").await
}
