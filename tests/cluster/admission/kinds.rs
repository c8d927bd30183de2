//! The stored pods of every kind of workload, in a namespace that has opted in and in one that has not.

use anyhow::{Context, ensure};
use serde_json::{Map, Value, json};

use crate::harness::additions::additions;
use crate::harness::api::{path, text};
use crate::harness::cluster::Cluster;
use crate::harness::scene::{Injection, Scene, namespace, run_now};
use crate::harness::{documents, eventually};

const PLACED: &str = "kinds-placed";
const PLAIN: &str = "kinds-plain";

pub(crate) async fn kinds(cluster: &Cluster) -> anyhow::Result<()> {
    let _scene = Scene::new(cluster).await?;
    // A DaemonSet makes no pod without a node.
    let node = json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "old-node", "labels": {"kubernetes.io/hostname": "old-node"}},
    });
    cluster.api.apply(&node).await?;
    for (name, injection) in [(PLACED, Injection::Enabled), (PLAIN, Injection::Absent)] {
        namespace(cluster, name, injection).await?;
        for mut object in documents(include_str!("kinds.yaml"))? {
            object["metadata"]["namespace"] = json!(name);
            cluster.api.apply(&object).await?;
            if text(&object, "/kind") == "CronJob" {
                run_now(&cluster.api, &object).await?;
            }
        }
    }
    for (workload, expected) in expected() {
        let plain = pod_of(cluster, PLAIN, workload).await?;
        let placed = pod_of(cluster, PLACED, workload).await?;
        let mut found = additions(&plain["spec"], &placed["spec"]).context(workload)?;
        for kind in ["labels", "annotations"] {
            for (key, value) in placed["metadata"][kind].as_object().into_iter().flatten() {
                if plain["metadata"][kind].get(key).is_none() {
                    found.insert(key.clone(), value.clone());
                }
            }
        }
        assert_eq!(Value::Object(found), expected, "the pod of {workload}");
        let untouched = plain["metadata"].to_string();
        let owned = untouched.contains("placement.truemark.io/decision");
        assert!(!owned, "the pod of {workload} outside: {untouched}");
    }
    cluster.api.delete(&path(&node)).await
}

/// Waits for the pod of a workload, and returns it without the fields that differ between any two pods.
async fn pod_of(cluster: &Cluster, namespace: &str, workload: &str) -> anyhow::Result<Value> {
    let path = format!("/api/v1/namespaces/{namespace}/pods");
    let what = format!("{namespace} has a pod of {workload}");
    let pod = eventually(&what, async || {
        let mut pods = cluster.api.list(&path).await?;
        pods.retain(|pod| {
            let name = text(pod, "/metadata/name");
            name == workload || name.starts_with(&format!("{workload}-"))
        });
        ensure!(pods.len() < 2, "{} pods of {workload}", pods.len());
        Ok(pods.pop())
    });
    let mut pod = pod.await?;
    // Its node does not matter here.
    if let Some(spec) = pod["spec"].as_object_mut() {
        spec.remove("nodeName");
    }
    Ok(pod)
}

/// Returns the additions of berth to the pod of each workload.
fn expected() -> Vec<(&'static str, Value)> {
    let batch = |rule: &str| {
        let annotations = json!({"karpenter.sh/do-not-disrupt": "true"});
        placed(rule, "batch", "amd64-batch", "amd64", annotations)
    };
    let spot = || {
        let rule = "everything-else";
        placed(rule, "default", "amd64-default", "amd64", json!({}))
    };
    let mut labelled = placed(
        "asked-for",
        "truemark",
        "truemark-arm64",
        "arm64",
        json!({}),
    );
    if let Some(labelled) = labelled.as_object_mut() {
        // The author wrote the label.
        labelled.remove("placement.truemark.io/pool");
    }
    vec![
        ("job", batch("jobs")),
        ("cronjob", batch("jobs")),
        ("deployment", spot()),
        ("labelled", labelled),
        ("statefulset", spot()),
        ("daemonset", json!({})),
        ("pod", spot()),
    ]
}

fn placed(rule: &str, pool: &str, node_pool: &str, arch: &str, annotations: Value) -> Value {
    let mut found = Map::new();
    if node_pool != "amd64-default" {
        let toleration = json!({
            "key": "karpenter.sh/nodepool",
            "operator": "Equal",
            "value": node_pool,
            "effect": "NoSchedule",
        });
        found.insert("/tolerations/-".to_owned(), json!([toleration]));
    }
    let selector = json!({"karpenter.sh/nodepool": node_pool});
    found.insert("/nodeSelector".to_owned(), selector);
    let requirement = json!({"key": "kubernetes.io/arch", "operator": "In", "values": [arch]});
    let terms = json!({"nodeSelectorTerms": [{"matchExpressions": [requirement]}]});
    let affinity =
        json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}});
    found.insert("/affinity".to_owned(), affinity);
    found.insert("placement.truemark.io/pool".to_owned(), json!(pool));
    let decision =
        format!("placed: rule={rule} pool={pool} nodePools={node_pool} architectures={arch}");
    found.insert("placement.truemark.io/decision".to_owned(), json!(decision));
    if let Value::Object(annotations) = annotations {
        found.extend(annotations);
    }
    Value::Object(found)
}
