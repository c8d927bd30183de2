//! The state of each node pool that the policy names: metrics, status, log and the author of a manifest learn it.

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::stage::{
    POLICIES, Stage, default_policy, job_pod, namespace, report_ready, selected, shipped_node_pool,
};
use crate::harness::api::{Persist, path, text};
use crate::harness::cluster::Cluster;
use crate::harness::eventually;

const NODE_POOL: &str = "amd64-batch";

/// Returns a Job, whose pods go to the node pool.
fn job() -> Value {
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "job", "namespace": "states"},
        "spec": {"template": {"spec": {
            "restartPolicy": "Never",
            "containers": [{"name": "main", "image": "example.com/main"}],
        }}},
    })
}

/// Returns the policy's status of the node pool.
fn stated(policy: &Value) -> &str {
    let node_pools = policy["status"]["nodePools"].as_array();
    let mut node_pools = node_pools.into_iter().flatten();
    let found = node_pools.find(|node_pool| node_pool["name"] == NODE_POOL);
    found.map_or("", |node_pool| text(node_pool, "/state"))
}

/// Waits until status, metric and log have this state of the node pool.
async fn is_told(on: &Stage<'_>, state: &str) -> anyhow::Result<()> {
    let api = &on.cluster.api;
    eventually(&format!("the status has {state}"), async || {
        let policy = api.get(&format!("{POLICIES}/default")).await?;
        Ok((stated(&policy.unwrap_or_default()) == state).then_some(()))
    })
    .await?;
    let page = on.berth.metrics().await?;
    let of_node_pool = format!("berth_node_pool_state{{pool=\"batch\",nodepool=\"{NODE_POOL}\",");
    let series: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with(&of_node_pool))
        .collect();
    ensure!(
        series == [format!("{of_node_pool}state=\"{state}\"}} 1")],
        "{series:?}"
    );
    let log = log(on)?;
    let last = log
        .lines()
        .rfind(|line| line.contains("node pool of the policy") && line.contains(NODE_POOL));
    let logged = last.is_some_and(|line| line.contains(&format!("\"state\":\"{state}\"")));
    // What is ready from the first is not worth a line.
    ensure!(logged || (last.is_none() && state == "ready"), "{last:?}");
    Ok(())
}

/// Returns the log of this berth. Those of the tests before are in the same file.
fn log(stage: &Stage<'_>) -> anyhow::Result<String> {
    let all = stage.berth.log()?;
    let own = all.rsplit("\"serving\"").next();
    Ok(own.unwrap_or_default().to_owned())
}

/// Returns the warnings that the author of a Job gets.
async fn warnings(cluster: &Cluster) -> anyhow::Result<String> {
    let reply = cluster.api.create(&job(), Persist::DryRun).await?;
    ensure!(reply.status.is_success(), "{reply:?}");
    Ok(reply.warnings.join("\n"))
}

/// A node pool goes through its states. None but deletion changes where pods are sent.
pub(crate) async fn states(cluster: &Cluster) -> anyhow::Result<()> {
    let api = &cluster.api;
    let stage = Stage::new(cluster).await?;
    namespace(cluster, "states", json!({})).await?;
    api.apply(&default_policy()?).await?;
    let pod = job_pod("states");
    let placed = |pod: &Value| selected(pod) == NODE_POOL;
    stage.until("a Job's pod is placed", &pod, placed).await?;
    is_told(&stage, "ready").await?;
    let warned = warnings(cluster).await?;
    ensure!(warned.is_empty(), "{warned}");

    let node_pool = shipped_node_pool(NODE_POOL)?;
    let own = path(&node_pool);
    report_ready(cluster, &own, "False").await?;
    is_told(&stage, "unready").await?;
    let warned = warnings(cluster).await?;
    ensure!(warned.contains("amd64-batch: is not ready"), "{warned}");
    ensure!(
        placed(&stage.mutated(&pod).await?),
        "unready counts as gone"
    );
    report_ready(cluster, &own, "True").await?;
    is_told(&stage, "ready").await?;
    let warned = warnings(cluster).await?;
    ensure!(warned.is_empty(), "{warned}");

    // Its smallest instance type has 4 CPUs, its limit is 200.
    let used = |cpu: &str| json!({"status": {"resources": {"cpu": cpu}}});
    let status = format!("{own}/status");
    api.merge(&status, &used("198")).await?;
    is_told(&stage, "full").await?;
    let warned = warnings(cluster).await?;
    ensure!(warned.contains("amd64-batch: is at its limits"), "{warned}");
    ensure!(placed(&stage.mutated(&pod).await?), "full counts as gone");
    // Nodes come and go without news, until there is room again.
    let shown = api.get(&format!("{POLICIES}/default")).await?;
    api.merge(&status, &used("199")).await?;
    api.merge(&status, &used("197")).await?;
    let unrelated = shipped_node_pool("arm64-batch")?;
    report_ready(cluster, &path(&unrelated), "False").await?;
    eventually("the next change arrives", async || {
        let policy = api.get(&format!("{POLICIES}/default")).await?;
        let policy = policy.unwrap_or_default();
        let told = text(&policy, "/status/notReady").contains("arm64-batch (unready)");
        Ok(told.then_some(()))
    })
    .await?;
    let shown = shown.context("the policy is gone")?;
    ensure!(
        text(&shown, "/status/notReady") == "amd64-batch (full)",
        "{shown}"
    );
    report_ready(cluster, &path(&unrelated), "True").await?;
    api.merge(&status, &used("196")).await?;
    is_told(&stage, "ready").await?;
    let warned = warnings(cluster).await?;
    ensure!(warned.is_empty(), "{warned}");
    let log = log(&stage)?;
    let changes = log
        .lines()
        .filter(|line| line.contains("has changed its state") && line.contains(NODE_POOL));
    let changes = changes.count();
    ensure!(changes == 4, "{changes} changes in the log");

    // Karpenter's own rule: a node pool is static from the first, or never.
    api.delete(&own).await?;
    is_told(&stage, "absent").await?;
    let mut fixed = node_pool.clone();
    let spec = fixed["spec"].as_object_mut().context("a spec")?;
    spec.remove("weight");
    spec.remove("limits");
    spec.insert("replicas".to_owned(), json!(1));
    api.apply(&fixed).await?;
    is_told(&stage, "static").await?;
    let warned = warnings(cluster).await?;
    ensure!(warned.contains("amd64-batch: is static"), "{warned}");

    // A finalizer keeps it while it is being deleted, as Karpenter keeps its node pools until their nodes are gone.
    let finalizers = |names: Value| json!({"metadata": {"finalizers": names}});
    api.merge(&own, &finalizers(json!(["example.com/held"])))
        .await?;
    api.delete(&own).await?;
    is_told(&stage, "deleting").await?;
    ensure!(
        selected(&stage.mutated(&pod).await?).is_empty(),
        "pods are sent to a node pool that is being deleted"
    );
    api.merge(&own, &finalizers(json!([]))).await?;
    is_told(&stage, "absent").await?;
    api.delete(&format!("{POLICIES}/default")).await?;
    Ok(())
}
