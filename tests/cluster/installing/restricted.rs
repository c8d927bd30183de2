//! All pods that the manifests make, under the strictest of the Pod Security Standards.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::chart::VARIANTS;
use crate::harness::api::{Persist, Reply, text};
use crate::harness::cluster::Cluster;
use crate::harness::operator::Operator;
use crate::harness::scene::pod;
use crate::harness::{documents, repository};

const NAMESPACE: &str = "restricted";

/// The API server admits the pods of every kustomization, and of the chart with every set of values but `hostNetwork`.
pub(crate) async fn restricted(cluster: &Cluster) -> anyhow::Result<()> {
    let operator = Operator::new(cluster)?;
    strict_namespace(cluster).await?;
    let unfit = judged(cluster, pod(NAMESPACE, "unfit")).await?;
    refused(&unfit, "a pod that says nothing")?;

    let mut seen = Vec::new();
    for directory in kustomizations(&repository("deploy"))? {
        let name = directory.display().to_string();
        let printed = cluster.kubectl(&["kustomize", &name])?;
        ensure!(printed.success, "{printed:?}");
        for pod in pods(&printed.stdout)? {
            judged(cluster, pod).await?.ok().context(name.clone())?;
            seen.push(name.clone());
        }
    }
    for part in ["deploy", "deploy/overlays/boundary", "deploy/examples"] {
        ensure!(seen.iter().any(|name| name.ends_with(part)), "{seen:?}");
    }
    for (name, values) in VARIANTS {
        operator.write("variant.yaml", values)?;
        let rendered = operator.runs(&format!(
            "helm template berth deploy/charts/berth --namespace {NAMESPACE} --values variant.yaml"
        ))?;
        let found = pods(&rendered)?;
        ensure!(found.len() == 1, "{name}: {found:?}");
        for pod in found {
            let is_on_the_host = pod["spec"]["hostNetwork"] == true;
            let reply = judged(cluster, pod).await?;
            if is_on_the_host {
                refused(&reply, name)?;
            } else {
                reply.ok().context(name)?;
            }
        }
    }
    Ok(())
}

/// Creates a namespace that enforces the standard, with the service account that berth's pods name.
async fn strict_namespace(cluster: &Cluster) -> anyhow::Result<()> {
    let labels = json!({"pod-security.kubernetes.io/enforce": "restricted"});
    let namespace = json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": NAMESPACE, "labels": labels},
    });
    cluster.api.apply(&namespace).await?;
    let account = json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "berth", "namespace": NAMESPACE},
    });
    cluster.api.apply(&account).await?;
    cluster.service_account(NAMESPACE).await
}

/// Asks the API server for a pod in that namespace without storing it.
async fn judged(cluster: &Cluster, mut pod: Value) -> anyhow::Result<Reply> {
    pod["metadata"]["namespace"] = json!(NAMESPACE);
    cluster.api.create(&pod, Persist::DryRun).await
}

fn refused(reply: &Reply, what: &str) -> anyhow::Result<()> {
    let message = reply.message();
    let violates = message.contains("violates PodSecurity \"restricted:");
    ensure!(violates, "{what}: {} {message}", reply.status);
    Ok(())
}

/// Returns the directories below a directory that `kubectl apply -k` takes.
fn kustomizations(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(kustomizations(&path)?);
        } else if path.ends_with("kustomization.yaml")
            && std::fs::read_to_string(&path)?.contains("\nkind: Kustomization\n")
        {
            found.push(directory.to_owned());
        }
    }
    Ok(found)
}

/// Returns the pods that the objects of a stream make, each of its template.
fn pods(stream: &str) -> anyhow::Result<Vec<Value>> {
    let objects = documents(stream)?.into_iter();
    let found = objects.filter_map(|object| {
        let templates = ["/spec/template", "/spec/jobTemplate/spec/template"];
        let mut templates = templates.iter().filter_map(|at| object.pointer(at));
        let template = templates.find(|template| template["spec"]["containers"].is_array())?;
        let mut pod = template.clone();
        pod["apiVersion"] = json!("v1");
        pod["kind"] = json!("Pod");
        pod["metadata"]["name"] = json!(text(&object, "/metadata/name"));
        Some(pod)
    });
    Ok(found.collect())
}
