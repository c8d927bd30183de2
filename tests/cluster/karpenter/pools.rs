//! The pools of Jobs, of labelled apps, and of all other pods.

use anyhow::Context;
use serde_json::{Value, json};

use crate::harness::api::Persist;
use crate::harness::cluster::{Cluster, condition};
use crate::harness::eventually;
use crate::harness::node_pools::{self, bound};
use crate::harness::scene::{Injection, Scene, namespace, pod};

/// Returns a Job of one pod.
pub(crate) fn job(namespace: &str, name: &str) -> Value {
    let mut template = json!({"spec": pod(namespace, name)["spec"]});
    template["spec"]["restartPolicy"] = json!("Never");
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"template": template},
    })
}

/// Returns a Deployment whose pods have these labels besides `app`.
pub(crate) fn deployment(namespace: &str, name: &str, labels: &Value) -> Value {
    let selector = json!({"app": name});
    let mut labels = labels.clone();
    labels["app"] = json!(name);
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": selector},
            "template": {"metadata": {"labels": labels}, "spec": pod(namespace, name)["spec"]},
        },
    })
}

/// Jobs, labelled apps and all other pods get onto the nodes of their pools. A label is all that they say of placement.
pub(crate) async fn every_pool(cluster: &Cluster) -> anyhow::Result<()> {
    let _scene = Scene::following(cluster).await?;
    node_pools::apply(&cluster.api).await?;
    lands_in_every_pool(cluster, "pools").await
}

/// Asserts the same on any platform. Its node pools and berth exist already.
pub(crate) async fn lands_in_every_pool(cluster: &Cluster, name: &str) -> anyhow::Result<()> {
    let api = &cluster.api;
    namespace(cluster, name, Injection::Enabled).await?;
    let truemark = json!({"placement.truemark.io/pool": "truemark"});
    for object in [
        job(name, "sums"),
        deployment(name, "ledger", &truemark),
        deployment(name, "web", &json!({})),
    ] {
        api.create(&object, Persist::Store).await?.ok()?;
    }
    for (selector, pods, expected) in [
        ("job-name=sums", 1, ("amd64-batch", "spot", "amd64")),
        ("app=ledger", 2, ("truemark-amd64", "on-demand", "amd64")),
        ("app=web", 2, ("amd64-default", "spot", "amd64")),
    ] {
        for place in bound(api, name, selector, pods).await? {
            assert_eq!(place.kind(), expected, "{selector}");
        }
    }
    complete(cluster, name, "sums").await
}

/// Waits until a Job is complete.
pub(crate) async fn complete(cluster: &Cluster, namespace: &str, name: &str) -> anyhow::Result<()> {
    let path = format!("/apis/batch/v1/namespaces/{namespace}/jobs/{name}");
    eventually(&format!("Job {name} is complete"), async || {
        let job = cluster.api.get(&path).await?;
        let job = job.with_context(|| path.clone())?;
        Ok(condition(&job, "Complete").then_some(()))
    })
    .await
}

/// A pod of each pool gets onto arm64 if its label or its own selector asks for it.
pub(crate) async fn architecture(cluster: &Cluster) -> anyhow::Result<()> {
    let _scene = Scene::following(cluster).await?;
    node_pools::apply(&cluster.api).await?;
    lands_on_arm64(cluster, "arm").await
}

/// Asserts the same on any platform.
pub(crate) async fn lands_on_arm64(cluster: &Cluster, name: &str) -> anyhow::Result<()> {
    let api = &cluster.api;
    namespace(cluster, name, Injection::Enabled).await?;
    let arm64 = "placement.truemark.io/arch";
    let mut sums = job(name, "sums");
    sums["spec"]["template"]["metadata"] = json!({"labels": {arm64: "arm64"}});
    let ledger = json!({"placement.truemark.io/pool": "truemark", arm64: "arm64"});
    let mut selecting = deployment(name, "selecting", &json!({}));
    selecting["spec"]["template"]["spec"]["nodeSelector"] = json!({"kubernetes.io/arch": "arm64"});
    for object in [
        sums,
        deployment(name, "ledger", &ledger),
        deployment(name, "web", &json!({arm64: "arm64"})),
        selecting,
    ] {
        api.create(&object, Persist::Store).await?.ok()?;
    }
    for (selector, pods, expected) in [
        ("job-name=sums", 1, ("arm64-batch", "spot", "arm64")),
        ("app=ledger", 2, ("truemark-arm64", "on-demand", "arm64")),
        ("app=web", 2, ("arm64-default", "spot", "arm64")),
        ("app=selecting", 2, ("arm64-default", "spot", "arm64")),
    ] {
        for place in bound(api, name, selector, pods).await? {
            assert_eq!(place.kind(), expected, "{selector}");
        }
    }
    complete(cluster, name, "sums").await
}

/// The weights choose amd64 for a pod that leaves the choice.
pub(crate) async fn any_architecture(cluster: &Cluster) -> anyhow::Result<()> {
    let _scene = Scene::following(cluster).await?;
    let api = &cluster.api;
    node_pools::apply(api).await?;
    namespace(cluster, "any", Injection::Enabled).await?;
    node_pools::cordon(api).await?;
    let any = json!({"placement.truemark.io/arch": "any"});
    let mut sums = job("any", "sums");
    sums["spec"]["template"]["metadata"] = json!({"labels": any});
    let mut ledger = any.clone();
    ledger["placement.truemark.io/pool"] = json!("truemark");
    for object in [
        sums,
        deployment("any", "ledger", &ledger),
        deployment("any", "web", &any),
    ] {
        api.create(&object, Persist::Store).await?.ok()?;
    }
    for (selector, pods, expected) in [
        ("job-name=sums", 1, ("amd64-batch", "spot", "amd64")),
        ("app=ledger", 2, ("truemark-amd64", "on-demand", "amd64")),
        ("app=web", 2, ("amd64-default", "spot", "amd64")),
    ] {
        for place in bound(api, "any", selector, pods).await? {
            assert_eq!(place.kind(), expected, "{selector}");
        }
    }
    Ok(())
}
