//! The cluster of the demonstration, once it is up: node pools, berth as it is installed, its policy, and the examples.

use anyhow::Context;

use crate::harness::api::{Api, text};
use crate::harness::cluster::Cluster;
use crate::harness::scene::{Scene, examples, run_now};
use crate::harness::{manifests, node_pools, repository};

/// Applies everything to a cluster.
pub(super) async fn set(cluster: &Cluster) -> anyhow::Result<Scene> {
    node_pools::apply(&cluster.api).await?;
    let scene = Scene::following(cluster).await?;
    let policy = manifests(&repository("deploy/policy.yaml"))?.pop();
    let policy = policy.context("deploy/policy.yaml")?;
    cluster.api.apply(&policy).await?;
    apply_examples(&cluster.api).await?;
    Ok(scene)
}

/// Applies the examples, and has those run now that would wait for their time.
pub(super) async fn apply_examples(api: &Api) -> anyhow::Result<()> {
    for object in examples()? {
        api.apply(&object).await?;
        if text(&object, "/kind") == "CronJob" {
            run_now(api, &object).await?;
        }
    }
    Ok(())
}
