//! The warning of the node pools' own page: they concern pods that never opted in.

use serde_json::json;

use super::pools::{deployment, job};
use crate::harness::api::Persist;
use crate::harness::cluster::Cluster;
use crate::harness::node_pools::{self, bound};
use crate::harness::scene::{Injection, Scene, namespace};

/// A cluster has on-demand nodes of a node pool without a weight. Once the shipped node pools exist, a pod that selects
/// nothing goes to spot, even if its namespace has not opted in.
pub(crate) async fn before_other_node_pools(cluster: &Cluster) -> anyhow::Result<()> {
    let _scene = Scene::following(cluster).await?;
    let api = &cluster.api;
    let general = json!({
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": "general"},
        "spec": {"template": {"spec": {
            "nodeClassRef": node_pools::node_class(),
            "requirements": [{
                "key": "karpenter.sh/capacity-type",
                "operator": "In",
                "values": ["on-demand"],
            }],
        }}},
    });
    api.apply(&general).await?;
    node_pools::ready(api, &general).await?;
    node_pools::apply(api).await?;
    namespace(cluster, "outside", Injection::Absent).await?;
    let web = deployment("outside", "web", &json!({}));
    api.create(&web, Persist::Store).await?.ok()?;
    let sums = job("outside", "sums");
    api.create(&sums, Persist::Store).await?.ok()?;
    for (selector, pods) in [("app=web", 2), ("job-name=sums", 1)] {
        for place in bound(api, "outside", selector, pods).await? {
            assert_eq!(place.kind(), ("amd64-default", "spot", "amd64"));
        }
    }

    // The old one comes first again with a weight above theirs.
    let path = "/apis/karpenter.sh/v1/nodepools/general";
    api.merge(path, &json!({"spec": {"weight": 12}})).await?;
    node_pools::cordon(api).await?;
    let other = deployment("outside", "other", &json!({}));
    api.create(&other, Persist::Store).await?.ok()?;
    for place in bound(api, "outside", "app=other", 2).await? {
        assert_eq!(place.node_pool, "general");
        assert_eq!(place.capacity_type, "on-demand");
    }
    api.delete(path).await
}
