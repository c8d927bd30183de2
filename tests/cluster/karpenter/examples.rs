//! The examples that berth ships: each does what its first line says.

use std::collections::BTreeSet;

use serde_json::json;

use crate::harness::api::text;
use crate::harness::cluster::Cluster;
use crate::harness::eventually;
use crate::harness::node_pools::{self, Place, bound};
use crate::harness::scene::{Scene, examples as shipped, run_now};

const NAMESPACE: &str = "berth-examples";

pub(crate) async fn examples(cluster: &Cluster) -> anyhow::Result<()> {
    let _scene = Scene::following(cluster).await?;
    let api = &cluster.api;
    node_pools::apply(api).await?;
    for object in shipped()? {
        api.apply(&object).await?;
        match text(&object, "/kind") {
            "Namespace" => cluster.service_account(NAMESPACE).await?,
            "CronJob" => run_now(api, &object).await?,
            _ => {}
        }
    }
    let mut nodes = BTreeSet::new();
    for (selector, pods, expected) in [
        ("app=inflate", 3, ("amd64-default", "spot", "amd64")),
        ("app=ledger", 2, ("truemark-amd64", "on-demand", "amd64")),
        ("app=thumbnails", 2, ("arm64-default", "spot", "arm64")),
        ("job-name=report", 1, ("amd64-batch", "spot", "amd64")),
        ("job-name=import", 1, ("amd64-batch", "spot", "amd64")),
        // The Job of the CronJob has a name of its own.
        (
            "job-name,job-name+notin+(report,import,training)",
            1,
            ("amd64-batch", "spot", "amd64"),
        ),
    ] {
        for place in bound(api, NAMESPACE, selector, pods).await? {
            assert_eq!(place.kind(), expected, "{selector}");
            nodes.insert(place.node);
        }
    }

    // berth leaves this one alone, and no node pool fits it.
    let reason = node_pools::refusal(api, NAMESPACE, "training-").await?;
    assert!(reason.contains("nvidia.com/gpu"), "{reason}");
    // The DaemonSet has a pod on each node of the others, tainted or not.
    eventually("the nodes have the DaemonSet's pods", async || {
        let pods = api.list(&selected("app=node-agent")).await?;
        let on = pods
            .iter()
            .map(|pod| text(pod, "/spec/nodeName").to_owned());
        Ok(on
            .collect::<BTreeSet<_>>()
            .is_superset(&nodes)
            .then_some(()))
    })
    .await?;
    for selector in ["app=node-agent", "job-name=training"] {
        for pod in api.list(&selected(selector)).await? {
            let annotations = pod["metadata"]["annotations"].to_string();
            assert!(!annotations.contains("placement.truemark.io"), "{pod}");
        }
    }
    // The DaemonSet would follow the other tests to their nodes.
    let path = format!("/apis/apps/v1/namespaces/{NAMESPACE}/daemonsets/node-agent");
    api.delete(&path).await
}

/// The example for scaling gets more nodes of the default pool, and of no other.
pub(crate) async fn inflate(cluster: &Cluster) -> anyhow::Result<()> {
    let _scene = Scene::following(cluster).await?;
    let api = &cluster.api;
    node_pools::apply(api).await?;
    for object in shipped()? {
        if text(&object, "/kind") == "Namespace" || text(&object, "/metadata/name") == "inflate" {
            api.apply(&object).await?;
        }
    }
    let few = bound(api, NAMESPACE, "app=inflate", 3).await?;
    let path = format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments/inflate");
    api.merge(&path, &json!({"spec": {"replicas": 20}})).await?;
    let many = bound(api, NAMESPACE, "app=inflate", 20).await?;
    for place in &many {
        assert_eq!(place.kind(), ("amd64-default", "spot", "amd64"));
    }
    assert!(distinct(&many) > distinct(&few), "{many:?}");
    Ok(())
}

/// Returns the number of different nodes.
fn distinct(places: &[Place]) -> usize {
    let names = places.iter().map(|place| place.node.as_str());
    names.collect::<BTreeSet<_>>().len()
}

fn selected(selector: &str) -> String {
    format!("/api/v1/namespaces/{NAMESPACE}/pods?labelSelector={selector}")
}
