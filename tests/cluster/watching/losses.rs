//! A lost API server changes nothing, and is found again.

use anyhow::ensure;
use serde_json::{Value, json};

use super::stage::{Stage, job_pod, namespace, selected, shipped_node_pool};
use crate::harness::cluster::Cluster;
use crate::harness::eventually;

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
        let series = format!("berth_watch_errors_total{{resource=\"{resource}\"}}");
        eventually(
            &format!("berth misses the API server's {resource}"),
            async || {
                Ok(stage
                    .berth
                    .metric(&series)
                    .await?
                    .filter(|errors| *errors > 0.0))
            },
        )
        .await?;
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
