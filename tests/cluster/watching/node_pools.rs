//! The catalogue, which follows the cluster's `NodePool`s.

use anyhow::ensure;
use serde_json::{Value, json};

use super::stage::{
    Stage, decision, define, job_pod, namespace, report_ready, selected, shipped_node_pool,
    shipped_node_pools, tolerated,
};
use crate::harness::api::path;
use crate::harness::cluster::Cluster;

/// A cluster may serve no NodePools, as CAST AI's does. berth starts, says so, and assumes that no node pool exists. It
/// follows them once they are served, without a restart.
pub(crate) async fn without_node_pools(cluster: &Cluster) -> anyhow::Result<()> {
    let stage = Stage::bare(cluster).await?;
    namespace(cluster, "none-served", json!({})).await?;
    let log = stage.berth.log()?;
    for resource in ["node_pools", "policies"] {
        let said = format!("\"{resource}\":\"not-served\"");
        ensure!(log.contains(&said), "{said} is not in {log}");
    }
    let pod = job_pod("none-served");
    let mutated = stage.mutated(&pod).await?;
    ensure!(
        decision(&mutated).is_empty() && selected(&mutated).is_empty(),
        "{mutated}"
    );
    // Nothing is added (`unavailable`).
    ensure!(mutated["spec"].get("affinity").is_none(), "{mutated}");

    define(cluster).await?;
    for node_pool in shipped_node_pools()? {
        cluster.api.apply(&node_pool).await?;
    }
    let placed = |pod: &Value| selected(pod) == "amd64-batch";
    stage
        .until("node pools are found once they are served", &pod, placed)
        .await
}

/// Taints, requirements and template labels count as soon as they change. Startup taints and readiness never count. A
/// node pool that is being deleted counts as gone.
pub(crate) async fn node_pools(cluster: &Cluster) -> anyhow::Result<()> {
    const TAINT: &str = "example.com/batch";
    let stage = Stage::new(cluster).await?;
    namespace(cluster, "node-pools", json!({})).await?;
    let pod = job_pod("node-pools");
    let placed = |pod: &Value| selected(pod) == "amd64-batch";
    stage.until("a Job's pod is placed", &pod, placed).await?;

    let mut node_pool = shipped_node_pool("amd64-batch")?;
    let path = path(&node_pool);
    let spec = &mut node_pool["spec"]["template"]["spec"];
    spec["startupTaints"] = json!([{"key": "example.com/starting", "effect": "NoSchedule"}]);
    spec["taints"] = json!([
        {"key": TAINT, "value": "yes", "effect": "NoSchedule", "timeAdded": "2026-11-01T00:00:00Z"},
    ]);
    cluster.api.apply(&node_pool).await?;
    stage
        .until("a new taint is tolerated", &pod, |pod| {
            tolerated(pod, TAINT) == ["yes"]
        })
        .await?;
    let mutated = stage.mutated(&pod).await?;
    ensure!(
        tolerated(&mutated, "example.com/starting").is_empty(),
        "{mutated}"
    );
    ensure!(
        tolerated(&mutated, "karpenter.sh/nodepool").is_empty(),
        "{mutated}"
    );

    // A pod that needs a label is placed there as soon as the node pool has it.
    let mut picky = pod.clone();
    picky["spec"]["nodeSelector"] = json!({"example.com/disk": "fast"});
    ensure!(
        decision(&stage.mutated(&picky).await?).is_empty(),
        "no node has the label yet"
    );
    node_pool["spec"]["template"]["metadata"] = json!({"labels": {"example.com/disk": "fast"}});
    cluster.api.apply(&node_pool).await?;
    stage
        .until("a new label is offered", &picky, placed)
        .await?;

    // A node pool that is not ready is not gone: the pod waits for it.
    report_ready(cluster, &path, "False").await?;
    // Changes arrive in order, so that the next one to be seen is later than this.
    node_pool["spec"]["template"]["metadata"] = json!({"labels": {"example.com/disk": "slow"}});
    cluster.api.apply(&node_pool).await?;
    stage
        .until("the label is another", &picky, |pod| {
            decision(pod).is_empty()
        })
        .await?;
    ensure!(
        placed(&stage.mutated(&pod).await?),
        "not ready counts as gone"
    );

    // A finalizer keeps it while it is being deleted, as Karpenter keeps its node pools until their nodes are gone.
    let finalizer = |names: Value| json!({"metadata": {"finalizers": names}});
    cluster
        .api
        .merge(&path, &finalizer(json!(["example.com/held"])))
        .await?;
    cluster.api.delete(&path).await?;
    ensure!(
        cluster.api.get(&path).await?.is_some(),
        "it has gone at once"
    );
    stage
        .until("one that is being deleted counts as gone", &pod, |pod| {
            selected(pod).is_empty()
        })
        .await?;
    cluster.api.merge(&path, &finalizer(json!([]))).await?;
    cluster
        .api
        .apply(&shipped_node_pool("amd64-batch")?)
        .await?;
    stage.until("it is back", &pod, placed).await?;
    let known = stage
        .berth
        .metric("berth_watched_objects{resource=\"nodepools\"}")
        .await?;
    ensure!(known == Some(6.0), "{known:?} node pools");
    Ok(())
}
