//! The labels of a namespace, which count as soon as they change.

use anyhow::ensure;
use serde_json::{Value, json};

use super::stage::{POLICIES, Stage, decision, default_policy, job_pod, namespace, selected};
use crate::harness::cluster::Cluster;

pub(crate) async fn namespaces(cluster: &Cluster) -> anyhow::Result<()> {
    let stage = Stage::new(cluster).await?;
    namespace(cluster, "red", json!({})).await?;
    let pod = job_pod("red");
    let path = "/api/v1/namespaces/red";
    stage
        .until("amd64 is the default", &pod, |pod| {
            selected(pod) == "amd64-batch"
        })
        .await?;

    // The namespace has a default architecture of its own.
    let label =
        |value: Value| json!({"metadata": {"labels": {"placement.truemark.io/arch": value}}});
    cluster.api.merge(path, &label(json!("arm64"))).await?;
    stage
        .until("the namespace asks for arm64", &pod, |pod| {
            selected(pod) == "arm64-batch"
        })
        .await?;
    // berth knows the namespace by now. A decision before that, in the 50 ms between two snapshots, had no labels.
    let unknown = || stage.berth.metric("berth_namespaces_unknown_total");
    let unknown_at_first = unknown().await?;
    cluster.api.merge(path, &label(Value::Null)).await?;
    stage
        .until("it does not any more", &pod, |pod| {
            selected(pod) == "amd64-batch"
        })
        .await?;

    // The pool is for namespaces of one team.
    let mut policy = default_policy()?;
    let pools = policy["spec"]["pools"].as_array_mut().into_iter().flatten();
    for pool in pools.filter(|pool| pool["name"] == "batch") {
        pool["namespaces"] = json!({"matchLabels": {"team": "red"}});
    }
    cluster.api.apply(&policy).await?;
    stage
        .until("the namespace may not use the pool", &pod, |pod| {
            decision(pod).is_empty()
        })
        .await?;
    cluster
        .api
        .merge(path, &json!({"metadata": {"labels": {"team": "red"}}}))
        .await?;
    stage
        .until("now it may", &pod, |pod| selected(pod) == "amd64-batch")
        .await?;
    cluster.api.delete(POLICIES).await?;
    let unknown = unknown().await?;
    ensure!(
        unknown == unknown_at_first,
        "{unknown_at_first:?} decisions without labels at first, {unknown:?} in the end"
    );
    Ok(())
}
