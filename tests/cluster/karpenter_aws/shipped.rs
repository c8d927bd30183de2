//! The node pools and the node class as they ship, and the examples on nodes that AWS' instance types make.

use anyhow::{Context, ensure};
use serde_json::Value;

use super::platform;
use crate::harness::api::text;
use crate::harness::cluster::Cluster;
use crate::harness::machines::Machines;
use crate::harness::node_pools::{Place, bound};
use crate::harness::operator::Operator;
use crate::harness::scene::{Scene, examples};

const NAMESPACE: &str = "berth-examples";

/// The node class and the node pools turn ready. A Job, an app and one that asks for on-demand get nodes of their pools,
/// of the types that the node pools ask for, and with the labels that berth knows.
pub(crate) async fn node_pools(cluster: &Cluster) -> anyhow::Result<()> {
    let _scene = Scene::following(cluster).await?;
    let _machines = Machines::start(&cluster.api);
    apply(cluster).await?;
    let api = &cluster.api;
    let wanted = ["", "report", "inflate", "ledger", "thumbnails"];
    for object in examples()? {
        let is_namespace = text(&object, "/kind") == "Namespace";
        if is_namespace || wanted.contains(&text(&object, "/metadata/name")) {
            api.apply(&object).await?;
        }
        if is_namespace {
            cluster.service_account(NAMESPACE).await?;
        }
    }
    for (selector, pods, expected) in [
        ("job-name=report", 1, ("amd64-batch", "spot", "amd64")),
        ("app=inflate", 3, ("amd64-default", "spot", "amd64")),
        ("app=ledger", 2, ("truemark-amd64", "on-demand", "amd64")),
        ("app=thumbnails", 2, ("arm64-default", "spot", "arm64")),
    ] {
        for place in bound(api, NAMESPACE, selector, pods).await? {
            assert_eq!(place.kind(), expected, "{selector}");
            made_as_asked(
                api.get(&format!("/api/v1/nodes/{}", place.node)).await?,
                &place,
            )?;
        }
    }
    // Their nodes come and go: a pod that waits for another would take one of the next test's.
    let all = ["deployments,jobs", "--all", "--namespace", NAMESPACE];
    let gone = ["--cascade=foreground", "--timeout=60s"];
    let printed = cluster.kubectl(&[&["delete"][..], &all, &gone].concat())?;
    ensure!(printed.success, "{printed:?}");
    Ok(())
}

/// Applies them with the two facts of a cluster, as their page says, and waits until all are ready.
async fn apply(cluster: &Cluster) -> anyhow::Result<()> {
    platform::filled_in(cluster)?;
    Operator::new(cluster)?.runs("kubectl apply -k pools")?;
    platform::ready(cluster, "/apis/karpenter.k8s.aws/v1/ec2nodeclasses").await?;
    platform::ready(cluster, "/apis/karpenter.sh/v1/nodepools").await
}

/// Asserts that a node is of a type that its node pool asks for, and that its labels are those of the platform alone.
fn made_as_asked(node: Option<Value>, place: &Place) -> anyhow::Result<()> {
    let node = node.with_context(|| format!("{} is gone", place.node))?;
    let labels = node["metadata"]["labels"].as_object().context("labels")?;
    let label = |name: &str| labels.get(name).and_then(Value::as_str).unwrap_or_default();
    let instance = |name: &str| label(&format!("karpenter.k8s.aws/instance-{name}"));
    assert_eq!(label("karpenter.k8s.aws/ec2nodeclass"), "berth");
    assert!(
        ["c", "m", "r"].contains(&instance("category")),
        "{labels:?}"
    );
    assert!(["4", "8", "16"].contains(&instance("cpu")), "{labels:?}");
    assert_eq!(instance("hypervisor"), "nitro");
    assert!(instance("generation").parse::<u32>()? > 4, "{labels:?}");
    let name = format!("{}.{}", instance("family"), instance("size"));
    assert_eq!(label("node.kubernetes.io/instance-type"), name);
    assert_eq!(label("topology.kubernetes.io/zone"), "us-east-1a");
    assert_eq!(label("topology.k8s.aws/zone-id"), "use1-az1");
    for key in labels.keys() {
        let domains = [
            "karpenter.sh/",
            "karpenter.k8s.aws/",
            "kubernetes.io/",
            "beta.kubernetes.io/",
            "node.kubernetes.io/instance-type",
            "topology.kubernetes.io/",
            "topology.k8s.aws/zone-id",
        ];
        let is_known = domains.iter().any(|domain| key.starts_with(domain));
        ensure!(is_known, "{key} of {} is nobody's", place.node);
    }
    Ok(())
}
