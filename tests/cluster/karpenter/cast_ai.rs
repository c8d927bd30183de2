//! The policy for CAST AI, in a cluster whose nodes are as its node templates make them. CAST AI itself does not run:
//! the nodes exist from the beginning, and the scheduler binds pods to them.

use serde_json::{Value, json};

use super::pools::{deployment, job};
use crate::harness::api::{Persist, path, text};
use crate::harness::cluster::{Cluster, condition};
use crate::harness::scene::{Injection, Scene, namespace};
use crate::harness::{eventually, manifests, repository};

const NAMESPACE: &str = "cast-ai";

/// A node of each node template: its name, its architecture, true if it is spot, and true if its template taints it.
const NODES: [(&str, &str, bool, bool); 6] = [
    ("default-by-castai", "amd64", true, false),
    ("default-arm64", "arm64", true, true),
    ("truemark-amd64", "amd64", false, true),
    ("truemark-arm64", "arm64", false, true),
    ("batch-amd64", "amd64", true, true),
    ("batch-arm64", "arm64", true, true),
];

/// Returns a node as CAST AI documents it.
fn node((template, arch, spot, tainted): (&str, &str, bool, bool)) -> Value {
    let capacity = if spot { "spot" } else { "on-demand" };
    let mut taints = Vec::new();
    if tainted {
        taints.push(json!({
            "key": "scheduling.cast.ai/node-template",
            "value": template,
            "effect": "NoSchedule",
        }));
    }
    if spot {
        taints.push(
            json!({"key": "scheduling.cast.ai/spot", "value": "true", "effect": "NoSchedule"}),
        );
    }
    let mut labels = json!({
        "kubernetes.io/arch": arch,
        "kubernetes.io/os": "linux",
        "provisioner.cast.ai/managed-by": "cast.ai",
        "scheduling.cast.ai/node-template": template,
    });
    labels[format!("scheduling.cast.ai/{capacity}")] = json!("true");
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": template, "labels": labels},
        "spec": {"taints": taints},
    })
}

/// Jobs, labelled apps and all other pods get onto the nodes of their templates, on both architectures.
pub(crate) async fn node_templates(cluster: &Cluster) -> anyhow::Result<()> {
    let scene = Scene::following(cluster).await?;
    let policy = manifests(&repository("deploy/platforms/cast-ai/policy.yaml"))?.remove(0);
    let outcome = placed(cluster, &policy).await;
    // The other tests need the default policy, and Karpenter's nodes.
    cluster.api.delete(&path(&policy)).await?;
    for (template, ..) in NODES {
        let node = format!("/api/v1/nodes/{template}");
        cluster.api.delete(&node).await?;
    }
    drop(scene);
    outcome
}

async fn placed(cluster: &Cluster, policy: &Value) -> anyhow::Result<()> {
    let api = &cluster.api;
    for template in NODES {
        api.apply(&node(template)).await?;
    }
    api.apply(policy).await?;
    eventually("berth has the policy in force", async || {
        let stored = api.get(&path(policy)).await?.unwrap_or_default();
        Ok(condition(&stored, "Accepted").then_some(()))
    })
    .await?;
    namespace(cluster, NAMESPACE, Injection::Enabled).await?;

    let arch = |value: &str| json!({"placement.truemark.io/arch": value});
    let truemark = |mut labels: Value| {
        labels["placement.truemark.io/pool"] = json!("truemark");
        labels
    };
    let mut arm_sums = job(NAMESPACE, "arm-sums");
    arm_sums["spec"]["template"]["metadata"] = json!({"labels": arch("arm64")});
    let mut own = deployment(NAMESPACE, "own", &arch("arm64"));
    own["spec"]["template"]["spec"]["nodeSelector"] = json!({"scheduling.cast.ai/spot": "true"});
    for object in [
        job(NAMESPACE, "sums"),
        arm_sums,
        deployment(NAMESPACE, "ledger", &truemark(json!({}))),
        deployment(NAMESPACE, "arm-ledger", &truemark(arch("arm64"))),
        deployment(NAMESPACE, "web", &json!({})),
        deployment(NAMESPACE, "arm-web", &arch("arm64")),
        own,
        deployment(NAMESPACE, "any", &arch("any")),
    ] {
        api.create(&object, Persist::Store).await?.ok()?;
    }
    for (selector, pods, expected) in [
        ("job-name=sums", 1, &["batch-amd64"][..]),
        ("job-name=arm-sums", 1, &["batch-arm64"]),
        ("app=ledger", 2, &["truemark-amd64"]),
        ("app=arm-ledger", 2, &["truemark-arm64"]),
        ("app=web", 2, &["default-by-castai"]),
        ("app=arm-web", 2, &["default-arm64"]),
        ("app=own", 2, &["default-arm64"]),
        ("app=any", 2, &["default-by-castai", "default-arm64"]),
    ] {
        for pod in bound(cluster, selector, pods).await? {
            let node = text(&pod, "/spec/nodeName");
            assert!(expected.contains(&node), "{selector}: {node}");
            let kept = text(
                &pod,
                "/metadata/annotations/autoscaling.cast.ai~1removal-disabled",
            );
            let of_a_job = selector.starts_with("job-name");
            assert_eq!(kept == "true", of_a_job, "{selector}: {pod}");
        }
    }
    Ok(())
}

/// Waits until this many pods with the label are bound.
async fn bound(cluster: &Cluster, selector: &str, count: usize) -> anyhow::Result<Vec<Value>> {
    let path = format!("/api/v1/namespaces/{NAMESPACE}/pods?labelSelector={selector}");
    let what = format!("{count} pods with {selector} are bound");
    eventually(&what, async || {
        let mut pods = cluster.api.list(&path).await?;
        pods.retain(|pod| !text(pod, "/spec/nodeName").is_empty());
        Ok((pods.len() == count).then_some(pods))
    })
    .await
}
