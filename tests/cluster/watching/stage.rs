//! The stage of this group's tests.

use anyhow::Context;
use serde_json::{Value, json};

use crate::harness::api::{Persist, path, text};
use crate::harness::berth::{Berth, Setup};
use crate::harness::cluster::Cluster;
use crate::harness::pki::Authority;
use crate::harness::registration::{register, shipped};
use crate::harness::scene::{definition, pod};
use crate::harness::{account, eventually, manifests, repository};

/// A berth that follows the cluster with the rights of an installation, and is registered.
pub(crate) struct Stage<'c> {
    pub(crate) cluster: &'c Cluster,
    pub(crate) authority: Authority,
    pub(crate) setup: Setup,
    pub(crate) berth: Berth,
}

/// Sets up a berth with the rights of an installation.
pub(crate) async fn setup(cluster: &Cluster, authority: &Authority) -> anyhow::Result<Setup> {
    account::install(cluster).await?;
    let setup = Setup::new(cluster, "berth", authority)?;
    Ok(setup.following(account::kubeconfig(cluster).await?))
}

impl<'c> Stage<'c> {
    /// Starts it on the cluster as it is.
    pub(crate) async fn bare(cluster: &'c Cluster) -> anyhow::Result<Self> {
        let authority = Authority::new("berth")?;
        let setup = setup(cluster, &authority).await?;
        let berth = setup.start().await?;
        register(&cluster.api, &shipped(&setup.url(), &authority.pem())?).await?;
        Ok(Self {
            cluster,
            authority,
            setup,
            berth,
        })
    }

    /// Starts it on the shipped node pools and no policy.
    pub(crate) async fn new(cluster: &'c Cluster) -> anyhow::Result<Self> {
        define(cluster).await?;
        reset(cluster).await?;
        Self::bare(cluster).await
    }

    /// Returns a pod as it would be stored.
    pub(crate) async fn mutated(&self, pod: &Value) -> anyhow::Result<Value> {
        let reply = self.cluster.api.create(pod, Persist::DryRun).await?;
        reply.ok()
    }

    /// Waits until a pod would be stored as it should be.
    pub(crate) async fn until(
        &self,
        what: &str,
        pod: &Value,
        is_so: impl Fn(&Value) -> bool,
    ) -> anyhow::Result<()> {
        let mut last = Value::Null;
        let outcome = eventually(what, async || {
            last = self.mutated(pod).await?;
            Ok(is_so(&last).then_some(()))
        })
        .await;
        outcome.with_context(|| format!("{} {}", last["metadata"]["annotations"], last["spec"]))
    }
}

/// Creates the definitions of Karpenter's resources and of the policy.
pub(crate) async fn define(cluster: &Cluster) -> anyhow::Result<()> {
    cluster.define_resources().await?;
    cluster.define(&[definition()?]).await
}

/// Puts the cluster back to the shipped node pools and no policy.
pub(crate) async fn reset(cluster: &Cluster) -> anyhow::Result<()> {
    let api = &cluster.api;
    api.delete("/apis/karpenter.sh/v1/nodepools").await?;
    api.delete(POLICIES).await?;
    for node_pool in shipped_node_pools()? {
        api.apply(&node_pool).await?;
        report_ready(cluster, &path(&node_pool), "True").await?;
    }
    Ok(())
}

/// Writes the condition `Ready` of the node pool at a path, as Karpenter does, which is not there.
pub(crate) async fn report_ready(
    cluster: &Cluster,
    path: &str,
    status: &str,
) -> anyhow::Result<()> {
    let ready = json!({"status": {"conditions": [{
        "type": "Ready", "status": status, "reason": "AsTheTestSays", "message": "",
        "lastTransitionTime": "2026-11-01T00:00:00Z",
    }]}});
    cluster.api.merge(&format!("{path}/status"), &ready).await?;
    Ok(())
}

/// The path of the collection of policies.
pub(crate) const POLICIES: &str = "/apis/placement.truemark.io/v1alpha1/placementpolicies";

/// Reads the shipped node pools. Nobody looks at their node class here.
pub(crate) fn shipped_node_pools() -> anyhow::Result<Vec<Value>> {
    let mut objects = manifests(&repository("deploy/platforms/karpenter"))?;
    objects.retain(|object| text(object, "/kind") == "NodePool");
    Ok(objects)
}

/// Reads the shipped node pool of that name.
pub(crate) fn shipped_node_pool(name: &str) -> anyhow::Result<Value> {
    let mut all = shipped_node_pools()?.into_iter();
    let found = all.find(|object| text(object, "/metadata/name") == name);
    found.with_context(|| name.to_owned())
}

/// Returns the default policy as a custom resource.
pub(crate) fn default_policy() -> anyhow::Result<Value> {
    let mut objects = manifests(&repository("deploy/policy.yaml"))?;
    objects.pop().context("deploy/policy.yaml")
}

/// Creates a namespace that has opted in, with more labels, and its service account, which no controller makes here.
pub(crate) async fn namespace(cluster: &Cluster, name: &str, labels: Value) -> anyhow::Result<()> {
    let mut namespace = json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {"placement.truemark.io/injection": "enabled"}},
    });
    for (key, value) in labels.as_object().into_iter().flatten() {
        namespace["metadata"]["labels"][key] = value.clone();
    }
    cluster.api.apply(&namespace).await?;
    let account = json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "default", "namespace": name},
    });
    cluster.api.apply(&account).await?;
    // The API server admits pods once it has seen the account.
    let probe = pod(name, "probe");
    eventually(&format!("{} takes pods", path(&account)), async || {
        let reply = cluster.api.create(&probe, Persist::DryRun).await?;
        Ok(reply.status.is_success().then_some(()))
    })
    .await
}

/// Returns a pod as a Job makes it.
pub(crate) fn job_pod(namespace: &str) -> Value {
    let mut pod = pod(namespace, "of-a-job");
    pod["metadata"]["ownerReferences"] = json!([
        {"apiVersion": "batch/v1", "kind": "Job", "name": "job", "uid": "1", "controller": true},
    ]);
    pod
}

/// Returns the decision that berth wrote on a pod.
pub(crate) fn decision(pod: &Value) -> &str {
    text(pod, "/metadata/annotations/placement.truemark.io~1decision")
}

/// Returns the node pool of a pod's node selector.
pub(crate) fn selected(pod: &Value) -> &str {
    text(pod, "/spec/nodeSelector/karpenter.sh~1nodepool")
}

/// Returns the values of a pod's tolerations of a key.
pub(crate) fn tolerated<'p>(pod: &'p Value, key: &str) -> Vec<&'p str> {
    let tolerations = pod["spec"]["tolerations"].as_array().into_iter().flatten();
    tolerations
        .filter(|toleration| text(toleration, "/key") == key)
        .map(|toleration| text(toleration, "/value"))
        .collect()
}
