//! Real workloads, with mutation and without. The API server accepts with berth all that it accepts without, and a
//! stored pod differs only in what berth may add.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context;
use serde_json::{Value, json};

use crate::harness::additions::additions;
use crate::harness::api::{Persist, Reply, text};
use crate::harness::cluster::Cluster;
use crate::harness::repository;
use crate::harness::scene::{Injection, Scene, namespace};
use crate::runner::NotRun;

const PLACED: &str = "corpus-placed";
const PLAIN: &str = "corpus-plain";

/// The places of a stored object where berth may add something: beginnings of JSON pointers.
const ALLOWED: [&str; 6] = [
    "/metadata/annotations",
    "/metadata/labels",
    "/metadata/labels/placement.truemark.io~1pool",
    "/spec/affinity",
    "/spec/nodeSelector",
    "/spec/tolerations",
];

/// The counts of a run over the corpus.
#[derive(Debug, Default)]
struct Tally {
    placed: usize,
    unplaced: usize,
    refused_anyway: usize,
    denials: BTreeMap<String, Vec<String>>,
    wrong: Vec<String>,
}

pub(crate) async fn corpus(cluster: &Cluster) -> anyhow::Result<()> {
    let path = std::env::var_os("BERTH_CORPUS").map_or_else(
        || repository("../shared/corpus/workloads.jsonl"),
        PathBuf::from,
    );
    let lines = std::fs::read_to_string(&path)
        .map_err(|error| NotRun(format!("BERTH_CORPUS: {}: {error}", path.display())))?;
    let _scene = Scene::new(cluster).await?;
    namespace(cluster, PLACED, Injection::Enabled).await?;
    namespace(cluster, PLAIN, Injection::Absent).await?;
    let mut tally = Tally::default();
    for (index, line) in lines.lines().enumerate() {
        let line: Value = serde_json::from_str(line).context("the corpus")?;
        let name = format!("{}/{}", text(&line, "/repo"), text(&line, "/path"));
        let object = &line["object"];
        let mut objects = vec![anonymous(object.clone(), index)];
        objects.extend(pod_of(object).map(|pod| anonymous(pod, index)));
        for object in objects {
            ensure_priority_class(cluster, &object).await?;
            compare(cluster, &name, object, &mut tally).await?;
        }
    }
    println!(
        "    {} objects with placement, {} without, {} that the API server refuses by itself",
        tally.placed, tally.unplaced, tally.refused_anyway
    );
    for (reason, names) in &tally.denials {
        println!("    denied, {} times: {reason}, {}", names.len(), names[0]);
    }
    assert_eq!(tally.wrong, Vec::<String>::new());
    assert!(tally.placed > 0, "{tally:?}");
    Ok(())
}

/// Asks for an object in both namespaces, and compares the two objects that would be stored.
async fn compare(
    cluster: &Cluster,
    name: &str,
    mut object: Value,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    object["metadata"]["namespace"] = json!(PLAIN);
    let plain = cluster.api.create(&object, Persist::DryRun).await?;
    object["metadata"]["namespace"] = json!(PLACED);
    let placed = cluster.api.create(&object, Persist::DryRun).await?;
    let kind = text(&object, "/kind");
    if !plain.status.is_success() {
        tally.refused_anyway += 1;
        if placed.status.is_success() {
            tally
                .wrong
                .push(format!("{name}: {kind}: accepted because of berth"));
        }
        return Ok(());
    }
    if let Some(reason) = denial(&placed) {
        tally
            .denials
            .entry(reason)
            .or_default()
            .push(name.to_owned());
        return Ok(());
    }
    if !placed.status.is_success() {
        tally
            .wrong
            .push(format!("{name}: {kind}: {}", placed.message()));
        return Ok(());
    }
    match additions(&stored(plain), &stored(placed)) {
        Ok(found) if found.is_empty() => tally.unplaced += 1,
        Ok(found) => {
            tally.placed += 1;
            let unexpected = found.keys().filter(|path| {
                kind != "Pod" || !ALLOWED.iter().any(|allowed| path.starts_with(allowed))
            });
            for path in unexpected {
                tally.wrong.push(format!("{name}: {kind}: {path}"));
            }
        }
        Err(error) => tally.wrong.push(format!("{name}: {kind}: {error:#}")),
    }
    Ok(())
}

/// Returns the check and the message with which berth refused an object.
fn denial(reply: &Reply) -> Option<String> {
    let (webhook, reason) = reply.message().split_once(" denied the request: ")?;
    webhook
        .ends_with(".placement.truemark.io\"")
        .then(|| reason.to_owned())
}

/// Returns a stored object without the fields that differ between any two.
fn stored(reply: Reply) -> Value {
    let mut object = reply.body;
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for field in ["creationTimestamp", "managedFields", "namespace", "uid"] {
            metadata.remove(field);
        }
    }
    // A Job's selector and labels carry its own uid, and the volume of a token a random name.
    let uid = text(
        &object,
        "/spec/selector/matchLabels/batch.kubernetes.io~1controller-uid",
    );
    let mut text = match uid {
        "" => object.to_string(),
        uid => object.to_string().replace(uid, "uid"),
    };
    let token = "kube-api-access-";
    let mut start = 0;
    while let Some(found) = text[start..].find(token) {
        start += found + token.len();
        text.replace_range(start..start + 5, "");
    }
    serde_json::from_str(&text).unwrap_or(object)
}

/// Returns the pod that a workload would make, as its controller creates it.
fn pod_of(object: &Value) -> Option<Value> {
    let kind = text(object, "/kind");
    let template = match kind {
        "CronJob" => object.pointer("/spec/jobTemplate/spec/template"),
        _ => object.pointer("/spec/template"),
    }?;
    let (version, owner) = match kind {
        "CronJob" | "Job" => ("batch/v1", "Job"),
        "Deployment" | "ReplicaSet" => ("apps/v1", "ReplicaSet"),
        "StatefulSet" => ("apps/v1", "StatefulSet"),
        _ => return None,
    };
    let mut pod = template.clone();
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    if !pod["metadata"].is_object() {
        pod["metadata"] = json!({});
    }
    for claim in claims_of(object) {
        let volume = json!({"name": claim, "persistentVolumeClaim": {"claimName": claim}});
        match pod["spec"]["volumes"].as_array_mut() {
            Some(volumes) => volumes.push(volume),
            None => pod["spec"]["volumes"] = json!([volume]),
        }
    }
    pod["metadata"]["ownerReferences"] = json!([{
        "apiVersion": version,
        "kind": owner,
        "name": "owner",
        "uid": "00000000-0000-0000-0000-000000000000",
        "controller": true,
    }]);
    Some(pod)
}

/// Returns the names of a `StatefulSet`'s volume claims, which its controller gives each pod as volumes.
fn claims_of(object: &Value) -> Vec<String> {
    let templates = object.pointer("/spec/volumeClaimTemplates");
    let templates = templates.and_then(Value::as_array).into_iter().flatten();
    templates
        .map(|template| text(template, "/metadata/name").to_owned())
        .collect()
}

/// Returns an object under a free name, with the one service account that there is.
fn anonymous(mut object: Value, index: usize) -> Value {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for field in [
            "creationTimestamp",
            "generateName",
            "resourceVersion",
            "uid",
        ] {
            metadata.remove(field);
        }
        metadata.insert("name".to_owned(), json!(format!("corpus-{index}")));
    }
    if text(&object, "/kind") == "Pod"
        && let Some(spec) = object["spec"].as_object_mut()
    {
        spec.remove("serviceAccount");
        spec.remove("serviceAccountName");
    }
    object
}

/// Creates the priority class that a pod names.
async fn ensure_priority_class(cluster: &Cluster, object: &Value) -> anyhow::Result<()> {
    let name = text(object, "/spec/priorityClassName");
    if name.is_empty() || name.starts_with("system-") {
        return Ok(());
    }
    let class = json!({
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": name},
        "value": 1000,
    });
    // The API server refuses a pod with an invalid name of a class, with or without berth.
    let _ = cluster.api.apply(&class).await;
    Ok(())
}
