//! The `PlacementPolicy` of the cluster: it is in force as soon as it is stored, and a faulty one changes nothing.

use anyhow::ensure;
use serde_json::{Value, json};

use super::stage::{
    POLICIES, Stage, decision, default_policy, define, job_pod, namespace, selected, setup,
};
use crate::harness::api::text;
use crate::harness::cluster::{Cluster, condition};
use crate::harness::eventually;
use crate::harness::pki::Authority;

/// Waits until the status of the newest policy says that it is accepted or refused, and returns the status.
async fn status(cluster: &Cluster, accepted: bool) -> anyhow::Result<Value> {
    let path = format!("{POLICIES}/default");
    eventually("the status of the policy", async || {
        let policy = cluster.api.get(&path).await?.unwrap_or_default();
        let current = policy["status"]["observedGeneration"] == policy["metadata"]["generation"];
        let is_so = current && condition(&policy, "Accepted") == accepted;
        Ok(is_so.then(|| policy["status"].clone()))
    })
    .await
}

/// Returns the default policy with other node pools behind `batch`.
fn with_batch(node_pools: &[&str]) -> anyhow::Result<Value> {
    let mut policy = default_policy()?;
    let pools = policy["spec"]["pools"].as_array_mut().into_iter().flatten();
    for pool in pools.filter(|pool| pool["name"] == "batch") {
        pool["nodePools"] = json!(node_pools);
    }
    Ok(policy)
}

pub(crate) async fn policy(cluster: &Cluster) -> anyhow::Result<()> {
    let stage = Stage::new(cluster).await?;
    namespace(cluster, "policy", json!({})).await?;
    let pod = job_pod("policy");
    stage
        .until("the default policy is in force", &pod, |pod| {
            selected(pod) == "amd64-batch"
        })
        .await?;
    let source = |source: &str, mode: &str| {
        format!("berth_policy_in_force{{source=\"{source}\",mode=\"{mode}\"}}")
    };
    let is_in_force = async |series: String| -> anyhow::Result<bool> {
        Ok(stage.berth.metric(&series).await? == Some(1.0))
    };
    ensure!(is_in_force(source("embedded", "Enforce")).await?);

    // The cluster's policy comes before it. Its status has the node pools that it names, and those that exist.
    cluster
        .api
        .apply(&with_batch(&["arm64-batch", "typo-batch"])?)
        .await?;
    stage
        .until("the cluster's policy is in force", &pod, |pod| {
            decision(pod).is_empty()
        })
        .await?;
    let said = status(cluster, true).await?;
    ensure!(said["missing"] == "typo-batch", "{said}");
    let pools = said["pools"].as_array().cloned().unwrap_or_default();
    let batch = pools.iter().find(|pool| text(pool, "/name") == "batch");
    let expected =
        json!({"name": "batch", "nodePools": ["arm64-batch"], "missing": ["typo-batch"]});
    ensure!(batch == Some(&expected), "{said}");
    let missing = stage
        .berth
        .metric("berth_pool_node_pools_missing{pool=\"batch\"}")
        .await?;
    ensure!(missing == Some(1.0), "{missing:?}");
    ensure!(is_in_force(source("cluster", "Enforce")).await?);

    // No schema refuses this faulty edit: the policy before stays in force, and status, metrics and log say so.
    let mut bad = with_batch(&["amd64-batch"])?;
    for pool in bad["spec"]["pools"].as_array_mut().into_iter().flatten() {
        pool["binding"] = json!("Preferred");
    }
    cluster.api.apply(&bad).await?;
    let said = status(cluster, false).await?;
    let message = text(&said, "/conditions/0/message");
    ensure!(
        message.starts_with("spec.pools[0].binding: pool \"default\": Preferred needs"),
        "{said}"
    );
    ensure!(
        decision(&stage.mutated(&pod).await?).is_empty(),
        "it was taken into force"
    );
    let refused = stage.berth.metric("berth_policy_refused").await?;
    ensure!(refused == Some(1.0), "{refused:?}");
    let log = stage.berth.log()?;
    ensure!(log.contains("spec.pools[0].binding"), "{log}");

    // A good edit ends that, and Audit changes nothing.
    cluster.api.apply(&with_batch(&["amd64-batch"])?).await?;
    stage
        .until("the mended policy is in force", &pod, |pod| {
            selected(pod) == "amd64-batch"
        })
        .await?;
    let said = status(cluster, true).await?;
    ensure!(said["missing"] == "", "{said}");
    ensure!(stage.berth.metric("berth_policy_refused").await? == Some(0.0));
    let mut audit = default_policy()?;
    audit["spec"]["mode"] = json!("Audit");
    cluster.api.apply(&audit).await?;
    stage
        .until("Audit changes nothing", &pod, |pod| {
            selected(pod).is_empty()
        })
        .await?;
    ensure!(is_in_force(source("cluster", "Audit")).await?);
    ensure!(!is_in_force(source("cluster", "Enforce")).await?);

    // A policy that is created anew is reported as the one before was, however soon it comes.
    for _ in 0..5 {
        cluster.api.delete(&format!("{POLICIES}/default")).await?;
        cluster.api.apply(&audit).await?;
        status(cluster, true).await?;
    }

    // Without it the default policy is in force.
    cluster.api.delete(&format!("{POLICIES}/default")).await?;
    stage
        .until("the default policy is back", &pod, |pod| {
            selected(pod) == "amd64-batch"
        })
        .await?;

    // The policy of a flag comes before both.
    cluster.api.apply(&audit).await?;
    let said = status(cluster, true).await?;
    ensure!(!said.is_null());
    let flag = std::fs::read_to_string(crate::harness::repository("deploy/policy.yaml"))?;
    let Stage { setup, berth, .. } = stage;
    drop(berth);
    let berth = setup.with_policy(&flag)?.start().await?;
    let series = source("flag", "Enforce");
    ensure!(berth.metric(&series).await? == Some(1.0));
    Ok(())
}

/// berth is not ready, and says why, if the cluster's policy cannot be used and there was none before: nobody asked for
/// the default policy.
pub(crate) async fn policy_unusable(cluster: &Cluster) -> anyhow::Result<()> {
    define(cluster).await?;
    let mut bad = default_policy()?;
    for pool in bad["spec"]["pools"].as_array_mut().into_iter().flatten() {
        pool["binding"] = json!("Preferred");
    }
    cluster.api.apply(&bad).await?;
    let authority = Authority::new("berth")?;
    let setup = setup(cluster, &authority).await?;
    let mut berth = setup.launch()?;
    status(cluster, false).await?;
    ensure!(!berth.is_ready().await, "ready with nothing to decide by");
    let reply = berth.mutate(&job_pod("default")).await?;
    ensure!(reply.status.as_u16() == 503, "{reply:?}");
    cluster.api.apply(&default_policy()?).await?;
    berth.ready().await?;
    let reply = berth.mutate(&job_pod("default")).await?;
    ensure!(reply.status.is_success(), "{reply:?}");
    Ok(())
}
