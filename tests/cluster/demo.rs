//! The demonstration: a cluster with berth and its examples, and a table of where their pods went and why, until Ctrl-C.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use berth::admission::mutate;
use berth::placement::Snapshot;
use berth::policy::{embedded_node_pools, embedded_policy};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::Value;

use crate::harness::api::{Api, text};
use crate::harness::cluster::{Cluster, Extent};
use crate::harness::node_pools::{self, Place, places};
use crate::harness::programs::Programs;
use crate::harness::scene::{Scene, examples, review, run_now};
use crate::runner::{runtime, signalled};

/// Names the kubeconfig of a cluster to use instead of starting one.
const KUBECONFIG: &str = "BERTH_CLUSTER_KUBECONFIG";

const NAMESPACE: &str = "berth-examples";

pub(crate) fn main() -> anyhow::Result<ExitCode> {
    let runtime = runtime()?;
    let demonstration = async {
        match std::env::var_os(KUBECONFIG) {
            Some(path) => on(PathBuf::from(path)).await,
            None => started().await,
        }
    };
    runtime.block_on(async {
        tokio::select! {
            result = demonstration => result.map(|()| ExitCode::FAILURE),
            () = signalled() => Ok(ExitCode::SUCCESS),
        }
    })
}

/// On a cluster of its own.
async fn started() -> anyhow::Result<()> {
    let programs = match Programs::build()? {
        Programs::At(directory) => directory,
        Programs::Unavailable(reason) => anyhow::bail!(reason),
    };
    eprintln!("starting etcd, the control plane, kwok and Karpenter …");
    let cluster = Cluster::start(&programs, Extent::All).await?;
    eprintln!("applying deploy/platforms/karpenter, with KWOK's node class …");
    node_pools::apply(&cluster.api).await?;
    eprintln!("starting berth, and registering it as in deploy/berth …");
    let _scene = Scene::following(&cluster).await?;
    let kubeconfig = cluster.kubeconfig();
    let hint = format!(
        "export KUBECONFIG={}\nkubectl --namespace {NAMESPACE} scale deployment inflate --replicas 20",
        kubeconfig.display()
    );
    show(&cluster.api, &hint).await
}

/// On a cluster that is there, with berth and node pools as they are.
async fn on(kubeconfig: PathBuf) -> anyhow::Result<()> {
    let hint = format!(
        "kubectl delete namespace {NAMESPACE} removes the examples from the cluster of {}",
        kubeconfig.display()
    );
    let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
    let options = KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await?;
    show(&Api::new(config)?, &hint).await
}

/// Applies the examples and shows what becomes of them, for ever.
async fn show(api: &Api, hint: &str) -> anyhow::Result<()> {
    eprintln!("applying deploy/examples …");
    for object in examples()? {
        api.apply(&object).await?;
        if text(&object, "/kind") == "CronJob" {
            run_now(api, &object).await?;
        }
    }
    let is_terminal = std::io::stdout().is_terminal();
    let path = format!("/api/v1/namespaces/{NAMESPACE}/pods");
    let mut seen = BTreeMap::new();
    let mut shown = String::new();
    loop {
        // The node of a Job can be gone before the Job is.
        seen.extend(places(api).await?);
        let table = table(&api.list(&path).await?, &seen);
        if table != shown {
            if is_terminal {
                // The screen anew, from its top.
                print!("\x1b[2J\x1b[H");
            }
            println!("{table}\nFrom another terminal, until Ctrl-C ends this one:\n\n{hint}\n");
            shown = table;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Why a pod was left alone, which is written nowhere: the default policy is asked again, about the pod as it came.
fn left_alone(pod: &Value) -> String {
    let mut pod = pod.clone();
    if let Some(spec) = pod["spec"].as_object_mut() {
        spec.remove("nodeName");
    }
    let review = review(&pod).to_string();
    let reason = || {
        let (policy, _) = embedded_policy().ok()?;
        let snapshot = Snapshot::new(policy, embedded_node_pools().ok()?).ok()?;
        Some(mutate(review.as_bytes(), &snapshot).ok()?.record.reason)
    };
    reason().map_or("left alone".to_owned(), |reason| {
        format!("left alone: {reason}")
    })
}

/// Enough of a node's name to tell it from the others.
fn short(name: &str) -> &str {
    name.get(..28).unwrap_or(name)
}

/// A line for each pod, the columns as wide as they need to be.
fn table(pods: &[Value], places: &BTreeMap<String, Place>) -> String {
    let head = [
        "POD",
        "PHASE",
        "NODE POOL",
        "CAPACITY",
        "ARCH",
        "WHY",
        "NODE",
    ];
    let mut rows = vec![head.map(str::to_owned)];
    for pod in pods {
        let place = places.get(text(pod, "/spec/nodeName"));
        let of = |field: fn(&Place) -> &str| place.map_or("-", field).to_owned();
        let decision = text(pod, "/metadata/annotations/placement.truemark.io~1decision");
        rows.push([
            text(pod, "/metadata/name").to_owned(),
            text(pod, "/status/phase").to_owned(),
            of(|place| &place.node_pool),
            of(|place| &place.capacity_type),
            of(|place| &place.arch),
            if decision.is_empty() {
                left_alone(pod)
            } else {
                decision.to_owned()
            },
            of(|place| short(&place.node)),
        ]);
    }
    let widths: [usize; 7] = std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| row[column].len());
        cells.max().unwrap_or_default()
    });
    let line = |row: &[String; 7]| {
        let cells = row.iter().zip(widths);
        let padded: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}
