//! berth's lists of labels, against the rules of the provider's definitions as the API server applies them.

use anyhow::{Context, ensure};
use berth::label::Platform;
use serde_json::{Value, json};

use crate::harness::api::text;
use crate::harness::cluster::Cluster;
use crate::harness::{auto_mode, manifests};

/// A claim may name a label exactly where berth says so, and every label that the rules except is one that berth knows.
pub(crate) async fn labels(cluster: &Cluster) -> anyhow::Result<()> {
    hold(cluster, "karpenter.k8s.aws", |definition| definition).await
}

pub(crate) async fn labels_of_auto_mode(cluster: &Cluster) -> anyhow::Result<()> {
    hold(cluster, "eks.amazonaws.com", auto_mode::of).await
}

async fn hold(cluster: &Cluster, domain: &str, of: fn(Value) -> Value) -> anyhow::Result<()> {
    let platform = Platform::of_node_class(domain);
    let definitions = manifests(&cluster.programs.join("platform-crds/karpenter-aws"))?;
    let mut definitions = definitions.into_iter().map(of);
    let claims = definitions.find(|one| text(one, "/metadata/name") == "nodeclaims.karpenter.sh");
    let excepted = excepted(&claims.context("the definition of claims")?, domain);
    ensure!(excepted.len() > 20, "{excepted:?}");
    for key in &excepted {
        let is_node_class = key.ends_with("/ec2nodeclass");
        assert!(platform.knows(key) || is_node_class, "berth knows no {key}");
    }
    let made_up = [
        format!("{domain}/unheard-of"),
        format!("{domain}/instance-colour"),
        format!("{domain}/instance-type"),
        format!("sub.{domain}/some"),
        format!("my{domain}/some"),
    ];
    let others = [
        "karpenter.sh/nodepool",
        "karpenter.sh/capacity-type",
        "karpenter.sh/nodepool-hash",
        "karpenter.sh/provisioner-name",
        "sub.karpenter.sh/some",
        "mykarpenter.sh/some",
        "kubernetes.io/arch",
        "topology.k8s.aws/zone-id",
        "node.kubernetes.io/instance-type",
        "node.kubernetes.io/windows-build",
        "karpenter.k8s.aws/instance-cpu",
        "eks.amazonaws.com/instance-cpu",
        "eks.amazonaws.com/capacityType",
        "karpenter.k8s.aws/unheard-of",
        "example.com/team",
    ];
    let others = others.map(str::to_owned);
    for key in excepted.iter().chain(&made_up).chain(&others) {
        let refused = is_refused(cluster, domain, key).await?;
        assert_eq!(refused, platform.restricts(key), "{key}");
    }
    // Karpenter takes these out of its claims, so that berth does not count them.
    for key in [
        "karpenter.sh/initialized",
        "karpenter.sh/registered",
        "kubernetes.io/hostname",
    ] {
        assert!(is_refused(cluster, domain, key).await?, "{key}");
        assert!(!platform.restricts(key), "{key}");
    }
    Ok(())
}

/// True if the API server refuses a claim for its requirement on a label.
async fn is_refused(cluster: &Cluster, domain: &str, key: &str) -> anyhow::Result<bool> {
    let claim = json!({
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodeClaim",
        "metadata": {"name": "asked"},
        "spec": {
            "nodeClassRef": {"group": domain, "kind": "EC2NodeClass", "name": "berth"},
            "requirements": [{"key": key, "operator": "Exists"}],
        },
    });
    let reply = cluster.api.judge(&claim).await?;
    let is_restricted = reply.message().contains("is restricted");
    ensure!(
        reply.status.is_success() != is_restricted,
        "{key}: {}",
        reply.message()
    );
    Ok(is_restricted)
}

/// Returns the labels that the rules of a definition except from a domain that they restrict.
fn excepted(definition: &Value, domain: &str) -> Vec<String> {
    let text = definition.to_string().replace("\\\"", "\"");
    let quoted = text.split('"');
    let mut keys: Vec<String> = quoted
        .filter(|word| {
            word.strip_prefix(domain)
                .is_some_and(|rest| rest.starts_with('/'))
        })
        .map(str::to_owned)
        .collect();
    keys.sort();
    keys.dedup();
    keys
}
