//! The node pools for EKS Auto Mode, beside stand-ins of those that it brings.

use anyhow::Context;
use serde_json::{Value, json};

use crate::harness::api::{Persist, text};
use crate::harness::cluster::Cluster;
use crate::harness::node_pools::{self, bound};
use crate::harness::scene::{Injection, Scene, namespace};
use crate::harness::{manifests, repository};
use crate::karpenter::pools::{self, deployment, job};

/// Makes a cluster of Auto Mode, with both built-in node pools and those that ship for it.
async fn scene(cluster: &Cluster) -> anyhow::Result<Scene> {
    let scene = Scene::following(cluster).await?;
    let api = &cluster.api;
    let on_demand =
        json!({"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["on-demand"]});
    let general = built_in("general-purpose", &["amd64"], &on_demand);
    let mut system = built_in("system", &["amd64", "arm64"], &on_demand);
    // The taint has no value, as in EKS.
    system["spec"]["template"]["spec"]["taints"] =
        json!([{"key": "CriticalAddonsOnly", "effect": "NoSchedule"}]);
    for node_pool in [general, system] {
        api.apply(&node_pool).await?;
        node_pools::ready(api, &node_pool).await?;
    }
    node_pools::apply_those_of(api, "deploy/platforms/eks-auto-mode").await?;
    Ok(scene)
}

/// Returns a node pool as Auto Mode brings it. Nobody can change it, so that only its spec counts. It has no weight.
fn built_in(name: &str, architectures: &[&str], capacity_type: &Value) -> Value {
    json!({
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/managed-by": "eks"}},
        "spec": {
            "disruption": {
                "budgets": [{"nodes": "10%"}],
                "consolidateAfter": "30s",
                "consolidationPolicy": "WhenEmptyOrUnderutilized",
            },
            "template": {"spec": {
                "expireAfter": "336h",
                "terminationGracePeriod": "24h0m0s",
                "nodeClassRef": node_pools::node_class(),
                "requirements": [
                    capacity_type,
                    {"key": "eks.amazonaws.com/instance-category", "operator": "In", "values": ["c", "m", "r"]},
                    {"key": "eks.amazonaws.com/instance-generation", "operator": "Gt", "values": ["4"]},
                    {"key": "kubernetes.io/arch", "operator": "In", "values": architectures},
                    {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]},
                ],
            }},
        },
    })
}

/// Every workload goes where it goes on a user's own Karpenter: to spot first, although the default node pools allow
/// both.
pub(crate) async fn every_pool(cluster: &Cluster) -> anyhow::Result<()> {
    let _scene = scene(cluster).await?;
    pools::lands_in_every_pool(cluster, "pools").await?;
    pools::lands_on_arm64(cluster, "arm").await
}

/// Without spot the same pods run on demand, on nodes of the same node pools. On a user's own Karpenter a pod of the
/// default pool that asks for on-demand is left alone.
pub(crate) async fn on_demand(cluster: &Cluster) -> anyhow::Result<()> {
    let _scene = scene(cluster).await?;
    let api = &cluster.api;
    namespace(cluster, "on-demand", Injection::Enabled).await?;
    for arch in ["amd64", "arm64"] {
        let label = json!({"placement.truemark.io/arch": arch});
        let mut web = deployment("on-demand", arch, &label);
        web["spec"]["template"]["spec"]["nodeSelector"] =
            json!({"karpenter.sh/capacity-type": "on-demand"});
        api.create(&web, Persist::Store).await?.ok()?;
        let node_pool = format!("{arch}-default");
        for place in bound(api, "on-demand", &format!("app={arch}"), 2).await? {
            assert_eq!(place.kind(), (&*node_pool, "on-demand", arch));
        }
    }
    Ok(())
}

/// The weight of `amd64-default` puts it before `general-purpose`, on spot, for pods that never opted in. A pod that
/// selects `general-purpose` still gets it, and a pod that selects nothing fills its nodes.
pub(crate) async fn not_opted_in(cluster: &Cluster) -> anyhow::Result<()> {
    let _scene = scene(cluster).await?;
    let api = &cluster.api;
    namespace(cluster, "outside", Injection::Absent).await?;
    node_pools::cordon(api).await?;
    let mut staying = deployment("outside", "staying", &json!({}));
    staying["spec"]["template"]["spec"]["nodeSelector"] =
        json!({"karpenter.sh/nodepool": "general-purpose"});
    let spot = ("amd64-default", "spot", "amd64");
    let on_demand = ("general-purpose", "on-demand", "amd64");
    for (object, selector, pods, expected) in [
        (deployment("outside", "web", &json!({})), "app=web", 2, spot),
        (job("outside", "sums"), "job-name=sums", 1, spot),
        (staying, "app=staying", 2, on_demand),
    ] {
        api.create(&object, Persist::Store).await?.ok()?;
        for place in bound(api, "outside", selector, pods).await? {
            assert_eq!(place.kind(), expected, "{selector}");
        }
        if expected == spot {
            node_pools::cordon(api).await?;
        }
    }
    let filling = deployment("outside", "filling", &json!({}));
    api.create(&filling, Persist::Store).await?.ok()?;
    for place in bound(api, "outside", "app=filling", 2).await? {
        assert_eq!(place.kind(), on_demand);
    }
    Ok(())
}

/// berth's own pods get nodes of `system`, on demand and apart from the pods that they place, in a cluster that had
/// none.
pub(crate) async fn critical(cluster: &Cluster) -> anyhow::Result<()> {
    let _scene = scene(cluster).await?;
    lands_on(cluster, "critical", "system").await
}

/// With the optional node pool they get nodes of that one, which has a weight, on demand likewise.
pub(crate) async fn optional_critical(cluster: &Cluster) -> anyhow::Result<()> {
    let _scene = scene(cluster).await?;
    let directory = "deploy/platforms/critical/eks-auto-mode";
    node_pools::apply_those_of(&cluster.api, directory).await?;
    lands_on(cluster, "optional-critical", "critical").await
}

/// Asserts that berth's own pods, in a namespace of their own, get new nodes of a node pool.
async fn lands_on(cluster: &Cluster, own: &str, node_pool: &str) -> anyhow::Result<()> {
    let api = &cluster.api;
    namespace(cluster, own, Injection::Absent).await?;
    node_pools::cordon(api).await?;
    let mut shipped = manifests(&repository("deploy/berth/deployment.yaml"))?;
    let mut berth = shipped.pop().context("deploy/berth/deployment.yaml")?;
    berth["metadata"]["namespace"] = json!(own);
    let spec = &mut berth["spec"]["template"]["spec"];
    spec["serviceAccountName"] = json!("default");
    api.create(&berth, Persist::Store).await?.ok()?;
    let selector = format!("app.kubernetes.io/name={}", text(&berth, "/metadata/name"));
    for place in bound(api, own, &selector, 2).await? {
        assert_eq!(place.node_pool, node_pool, "{place:?}");
        assert_eq!(place.capacity_type, "on-demand", "{place:?}");
    }
    Ok(())
}
