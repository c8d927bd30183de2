//! The overlay that makes entitlement a boundary.

use anyhow::ensure;
use serde_json::{Value, json};

use super::stage::{Stage, namespace};
use crate::harness::api::{Persist, Reply};
use crate::harness::boundary::{ENTITLED, close, put_up};
use crate::harness::cluster::Cluster;
use crate::harness::eventually;
use crate::harness::scene::pod;

pub(crate) async fn boundary(cluster: &Cluster) -> anyhow::Result<()> {
    let stage = Stage::new(cluster).await?;
    put_up(cluster, &stage.setup, &stage.authority).await?;
    close(cluster).await?;
    for (name, injection, entitled) in [
        ("boundary-out", "disabled", "false"),
        ("boundary-in", "enabled", "false"),
        ("boundary-entitled", "disabled", "true"),
    ] {
        let labels = json!({
            "placement.truemark.io/injection": injection,
            ENTITLED: entitled,
        });
        namespace(cluster, name, labels).await?;
    }
    let judged = async |pod: &Value| -> anyhow::Result<Reply> {
        cluster.api.create(pod, Persist::DryRun).await
    };
    let mut bound = pod("boundary-out", "bound");
    bound["spec"]["nodeName"] = json!("node-1");
    eventually("the policy is in force", async || {
        let reply = judged(&bound).await?;
        Ok((!reply.status.is_success()).then_some(()))
    })
    .await?;
    refused(&judged(&bound).await?, "bound-by-author: spec.nodeName")?;

    // The pod goes to the node pool by selector and toleration, from a namespace that never opted in, by hand and by a
    // controller.
    let mut intruder = pod("boundary-out", "intruder");
    intruder["spec"]["nodeSelector"] = json!({"karpenter.sh/nodepool": "truemark-amd64"});
    intruder["spec"]["tolerations"] = json!([
        {"key": "karpenter.sh/nodepool", "operator": "Equal", "value": "truemark-amd64", "effect": "NoSchedule"},
    ]);
    refused(
        &judged(&intruder).await?,
        "not-entitled: spec.tolerations[0]",
    )?;
    let mut of_controller = intruder.clone();
    of_controller["metadata"]["ownerReferences"] = json!([
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "1", "controller": true},
    ]);
    refused(&judged(&of_controller).await?, "not-entitled: ")?;

    for (name, spec, message) in wide_open() {
        let mut intruder = pod("boundary-out", name);
        for (field, value) in spec.as_object().into_iter().flatten() {
            intruder["spec"][field] = value.clone();
        }
        intruder["spec"]["tolerations"] = json!([{"operator": "Exists"}]);
        refused(&judged(&intruder).await?, message)?;
    }
    // What a kubelet and a deletion may do, somebody else pretends to.
    let mut pretended = bound.clone();
    pretended["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "abc"});
    refused(&judged(&pretended).await?, "bound-by-author: ")?;
    let mut pretended = bound.clone();
    pretended["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    pretended["metadata"]["finalizers"] = json!(["example.com/hold"]);
    refused(&judged(&pretended).await?, "bound-by-author: ")?;

    // The pod asks by label, which counts only in a namespace that opted in.
    let mut asking = pod("boundary-in", "asking");
    asking["metadata"]["labels"] = json!({"placement.truemark.io/pool": "truemark"});
    refused(&judged(&asking).await?, "not-entitled: metadata.labels")?;
    asking["metadata"]["namespace"] = json!("boundary-out");
    judged(&asking).await?.ok()?;

    // A toleration is added while the pod waits.
    let path = "/api/v1/namespaces/boundary-out/pods/waiting";
    cluster
        .api
        .create(&pod("boundary-out", "waiting"), Persist::Store)
        .await?
        .ok()?;
    let stored = cluster.api.get(path).await?.unwrap_or_default();
    let mut tolerations = stored["spec"]["tolerations"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    tolerations.push(intruder["spec"]["tolerations"][0].clone());
    let change = json!({"spec": {"tolerations": tolerations}});
    let error = cluster.api.merge(path, &change).await.err();
    let error = error.map(|error| format!("{error:#}")).unwrap_or_default();
    ensure!(error.contains("not-entitled"), "it got in: {error}");

    // A pod of an entitled namespace gets in, and other checks are for namespaces that opted in.
    let mut entitled = intruder.clone();
    entitled["metadata"]["namespace"] = json!("boundary-entitled");
    judged(&entitled).await?.ok()?;
    let mut impossible = pod("boundary-out", "impossible");
    impossible["spec"]["nodeSelector"] =
        json!({"kubernetes.io/arch": "amd64", "beta.kubernetes.io/arch": "arm64"});
    judged(&impossible).await?.ok()?;

    // No pod gets in while berth is down, but for those of the system's namespaces.
    stage.berth.kill();
    let reply = judged(&pod("boundary-out", "late")).await?;
    ensure!(reply.status.is_server_error(), "{reply:?}");
    namespace(cluster, "berth-system", json!({})).await
}

/// Returns the ways to a closed node pool for a pod that tolerates everything: its name, a part of its spec, and the
/// beginning of the denial.
fn wide_open() -> [(&'static str, Value, &'static str); 5] {
    let preferred = json!([{"weight": 100, "preference": {"matchExpressions": [
        {"key": "karpenter.sh/nodepool", "operator": "In", "values": ["truemark-amd64"]},
    ]}}]);
    let beside = json!([{
        "labelSelector": {"matchLabels": {"app": "ledger"}},
        "topologyKey": "kubernetes.io/hostname",
    }]);
    let denied = "not-entitled: spec.tolerations[0]";
    [
        ("anywhere", json!({}), denied),
        (
            "preferred",
            json!({"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}}),
            denied,
        ),
        (
            "by-host",
            json!({"nodeSelector": {"kubernetes.io/hostname": "ip-10-0-0-1"}}),
            denied,
        ),
        (
            "beside",
            json!({"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": beside}}}),
            denied,
        ),
        (
            "on-demand",
            json!({"nodeSelector": {"karpenter.sh/capacity-type": "on-demand"}}),
            denied,
        ),
    ]
}

fn refused(reply: &Reply, message: &str) -> anyhow::Result<()> {
    ensure!(reply.status.as_u16() == 403, "{reply:?}");
    ensure!(
        reply.message().contains(message),
        "{:?} lacks {message}",
        reply.message()
    );
    Ok(())
}
