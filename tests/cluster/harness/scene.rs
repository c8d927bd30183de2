//! The scene of most tests: a berth that the API server calls, and namespaces.

use anyhow::Context;
use serde_json::{Value, json};

use super::api::{Api, path, text};
use super::berth::{Berth, Setup};
use super::cluster::Cluster;
use super::pki::Authority;
use super::registration::{register, shipped};
use super::{account, manifests, repository};

/// A berth in front of a cluster, as it is installed.
pub(crate) struct Scene {
    pub(crate) authority: Authority,
    pub(crate) setup: Setup,
    pub(crate) berth: Berth,
}

impl Scene {
    /// Starts a berth with the default policy, and registers it as shipped.
    pub(crate) async fn new(cluster: &Cluster) -> anyhow::Result<Self> {
        let authority = Authority::new("berth")?;
        let setup = Setup::new(cluster, "berth", &authority)?;
        Self::with(cluster, authority, setup).await
    }

    /// Does the same with a berth that follows the cluster with the rights of an installation.
    pub(crate) async fn following(cluster: &Cluster) -> anyhow::Result<Self> {
        cluster.define(&[definition()?]).await?;
        account::install(cluster).await?;
        let authority = Authority::new("berth")?;
        let setup = Setup::new(cluster, "berth", &authority)?;
        let setup = setup.following(account::kubeconfig(cluster).await?);
        Self::with(cluster, authority, setup).await
    }

    async fn with(cluster: &Cluster, authority: Authority, setup: Setup) -> anyhow::Result<Self> {
        let berth = setup.start().await?;
        let configurations = shipped(&setup.url(), &authority.pem())?;
        register(&cluster.api, &configurations).await?;
        Ok(Self {
            authority,
            setup,
            berth,
        })
    }
}

/// Reads the shipped definition of a `PlacementPolicy`.
pub(crate) fn definition() -> anyhow::Result<Value> {
    let directory = "deploy/charts/berth/crds";
    let definition = manifests(&repository(directory))?.pop();
    definition.with_context(|| format!("{directory} has none"))
}

/// The label by which a namespace opts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Injection {
    Enabled,
    Absent,
}

/// Creates a namespace, and waits until pods can be created in it.
pub(crate) async fn namespace(
    cluster: &Cluster,
    name: &str,
    injection: Injection,
) -> anyhow::Result<()> {
    let labels = match injection {
        Injection::Enabled => json!({"placement.truemark.io/injection": "enabled"}),
        Injection::Absent => json!({}),
    };
    cluster
        .api
        .apply(&json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": labels},
        }))
        .await?;
    cluster.service_account(name).await
}

/// Reads the workloads that berth ships to try it with, their namespace first.
pub(crate) fn examples() -> anyhow::Result<Vec<Value>> {
    let mut objects = manifests(&repository("deploy/examples"))?;
    objects.retain(|object| text(object, "/kind") != "Kustomization");
    objects.sort_by_key(|object| text(object, "/kind") != "Namespace");
    Ok(objects)
}

/// Makes a `CronJob` believe that it has missed a run, which its controller then starts at once.
pub(crate) async fn run_now(api: &Api, cron_job: &Value) -> anyhow::Result<()> {
    let path = path(cron_job);
    let suspend = |yes: bool| json!({"spec": {"suspend": yes}});
    api.merge(&path, &suspend(true)).await?;
    let long_ago = json!({"status": {"lastScheduleTime": "2026-01-01T00:00:00Z"}});
    api.merge(&format!("{path}/status"), &long_ago).await?;
    api.merge(&path, &suspend(false)).await?;
    Ok(())
}

/// Returns the review of a pod that is being created, as the API server sends it.
pub(crate) fn review(pod: &Value) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "1",
            "operation": "CREATE",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "namespace": pod["metadata"]["namespace"],
            "object": pod,
        },
    })
}

/// Returns a pod that asks for nothing.
pub(crate) fn pod(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "automountServiceAccountToken": false,
            "containers": [{
                "name": "main",
                "image": "none",
                "resources": {"requests": {"cpu": "100m"}},
            }],
        },
    })
}
