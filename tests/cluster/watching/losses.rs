//! Losses: a lost API server changes nothing, and is found again.

use anyhow::ensure;
use serde_json::{Value, json};

use super::stage::{
    POLICIES, Stage, default_policy, define, job_pod, namespace, selected, shipped_node_pool,
};
use crate::harness::api::text;
use crate::harness::cluster::Cluster;
use crate::harness::eventually;

/// Waits until berth has failed to watch a resource.
async fn missed(stage: &Stage<'_>, resource: &str) -> anyhow::Result<()> {
    let series = format!("berth_watch_errors_total{{resource=\"{resource}\"}}");
    eventually(&format!("berth misses {resource}"), async || {
        let errors = stage.berth.metric(&series).await?;
        Ok(errors.filter(|errors| *errors > 0.0).map(drop))
    })
    .await
}

/// Deleted definitions take their objects with them, and berth finds the objects of new ones.
pub(crate) async fn definitions_lost(cluster: &Cluster) -> anyhow::Result<()> {
    let stage = Stage::new(cluster).await?;
    namespace(cluster, "definitions", json!({})).await?;
    let mut policy = default_policy()?;
    policy["spec"]["mode"] = json!("Audit");
    cluster.api.apply(&policy).await?;
    let known = async |resource: &str, count: f64| {
        let series = format!("berth_watched_objects{{resource=\"{resource}\"}}");
        eventually(&format!("{count} {resource} are known"), async || {
            let known = stage.berth.metric(&series).await?;
            Ok(known.filter(|known| (known - count).abs() < 0.5))
        })
        .await
    };
    known("placementpolicies", 1.0).await?;
    let told = stage.berth.log()?.matches("cannot watch").count();

    let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    for (name, collection) in [
        ("nodepools.karpenter.sh", "/apis/karpenter.sh/v1/nodepools"),
        ("placementpolicies.placement.truemark.io", POLICIES),
    ] {
        cluster.api.delete(&format!("{definitions}/{name}")).await?;
        eventually(&format!("{name} is gone"), async || {
            Ok(cluster.api.get(collection).await?.is_none().then_some(()))
        })
        .await?;
    }
    known("nodepools", 0.0).await?;
    known("placementpolicies", 0.0).await?;
    for resource in ["nodepools", "placementpolicies"] {
        missed(&stage, resource).await?;
    }
    // The embedded policy is in force, and none of its node pools is there. In Audit nobody would be told.
    let mut pod = job_pod("definitions");
    pod["metadata"]["ownerReferences"] = json!([]);
    let reply = stage.berth.validate(&pod).await?.ok()?;
    let warning = text(&reply, "/response/warnings/0");
    ensure!(warning.starts_with("berth: pool-unavailable: "), "{reply}");

    define(cluster).await?;
    cluster
        .api
        .apply(&shipped_node_pool("amd64-batch")?)
        .await?;
    cluster.api.apply(&policy).await?;
    known("nodepools", 1.0).await?;
    known("placementpolicies", 1.0).await?;
    let log = stage.berth.log()?;
    let told = log.matches("cannot watch").count() - told;
    // It logs of each that it is gone, and then that the known version is too old.
    ensure!(told <= 4, "said {told} times:\n{log}");
    cluster.api.delete(POLICIES).await
}

pub(crate) async fn api_server_lost(cluster: &Cluster) -> anyhow::Result<()> {
    let stage = Stage::new(cluster).await?;
    namespace(cluster, "losses", json!({})).await?;
    let pod = job_pod("losses");
    let placed = |pod: &Value| selected(pod) == "amd64-batch";
    stage.until("a Job's pod is placed", &pod, placed).await?;
    let before = stage.berth.mutate(&pod).await?.ok()?;
    let contact = "berth_watch_contact_timestamp_seconds{resource=\"nodepools\"}";
    let since = stage.berth.metric(contact).await?;

    cluster.kill_api_server();
    for resource in ["nodepools", "namespaces", "placementpolicies"] {
        missed(&stage, resource).await?;
    }
    ensure!(
        stage.berth.is_ready().await,
        "not ready without an API server"
    );
    ensure!(
        stage.berth.mutate(&pod).await?.ok()? == before,
        "it decides otherwise"
    );
    let now = stage.berth.metric(contact).await?;
    ensure!(now == since, "in contact with nobody: {since:?}, {now:?}");

    cluster.start_api_server().await?;
    let mut node_pool = shipped_node_pool("amd64-batch")?;
    let taint = json!([{"key": "example.com/late", "value": "yes", "effect": "NoSchedule"}]);
    node_pool["spec"]["template"]["spec"]["taints"] = taint;
    cluster.api.apply(&node_pool).await?;
    eventually("berth follows again", async || {
        let reply = stage.berth.mutate(&pod).await?.ok()?;
        Ok((reply != before).then_some(()))
    })
    .await?;
    let again = stage.berth.metric(contact).await?;
    ensure!(again >= since, "{since:?}, {again:?}");
    Ok(())
}
