//! The rules: they record the truth, and exactly the right alerts fire.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::ensure;
use serde_json::Value;

use super::exporter::of_node_pool;
use super::prometheus::Sample;
use super::queries::fed;
use super::stage::{FULL, Stage};
use crate::harness::api::text;
use crate::harness::node_pools::places;
use crate::harness::{eventually, manifests, repository};

/// The alerts that the events on this cluster raise: each by its name and its subject.
const FIRING: [&str; 7] = [
    "BerthFailOpen pods.placement.truemark.io admit",
    "BerthFailOpen pods.placement.truemark.io validating",
    "NodePoolCPUHigh arm64-default",
    "NodePoolLimitNear truemark-amd64 cpu",
    "NodePoolMemoryHigh amd64-batch",
    "NodePoolPendingPods truemark truemark-amd64",
    "UnassignedPendingPods",
];

/// The labels that name the subject of an alert.
const ABOUT: [&str; 6] = [
    "name",
    "type",
    "missing",
    "pool",
    "nodepool",
    "resource_type",
];

/// The greatest difference between a measured share and the exported one.
const NEAR: f64 = 0.001;

/// Returns the recorded values by these labels.
fn by(samples: &[Sample], labels: &[&str]) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    for sample in samples {
        let names = labels.iter().map(|name| sample.label(name));
        let key = names.collect::<Vec<_>>().join(" ");
        *sums.entry(key).or_default() += sample.value;
    }
    sums
}

/// The rules record what the API server says and what the exporter exports.
pub(super) async fn truth(stage: &Stage<'_>) -> anyhow::Result<()> {
    let labels = ["pool", "nodepool", "capacity_type", "arch"];
    agree(
        stage,
        "namespace_pool_nodepool:running_pods:count",
        &labels,
        async || running(stage).await,
    )
    .await?;
    let labels = ["pool", "nodepool"];
    agree(
        stage,
        "pool_nodepool:unschedulable_pods:count",
        &labels,
        async || waiting(stage).await,
    )
    .await?;
    let labels = ["node", "nodepool", "capacity_type", "arch"];
    agree(
        stage,
        "node_nodepool:kube_node_labels:group",
        &labels,
        async || {
            let nodes = places(&stage.cluster.api).await?.into_values();
            let nodes = nodes.map(|place| {
                let name = [place.node, place.node_pool, place.capacity_type, place.arch].join(" ");
                (name, 1.0)
            });
            Ok(nodes.collect())
        },
    )
    .await?;
    let used = async |share: fn(&str) -> f64| {
        let nodes = places(&stage.cluster.api).await?.into_values();
        let shares = nodes.map(|place| (place.node_pool.clone(), share(&place.node_pool)));
        Ok(shares.collect())
    };
    agree(
        stage,
        "nodepool:node_cpu_utilization:ratio_rate5m",
        &["nodepool"],
        async || used(|node_pool| of_node_pool(node_pool).cpu).await,
    )
    .await?;
    agree(
        stage,
        "nodepool:node_memory_utilization:ratio",
        &["nodepool"],
        async || used(|node_pool| of_node_pool(node_pool).memory).await,
    )
    .await?;
    let full = format!("nodepool:karpenter_nodepools_usage:ratio{{nodepool=\"{FULL}\"}}");
    agree(stage, &full, &["nodepool", "resource_type"], async || {
        Ok([(format!("{FULL} cpu"), 1.0)].into())
    })
    .await
}

/// Waits until a query gives the expected values by these labels.
async fn agree(
    stage: &Stage<'_>,
    query: &str,
    labels: &[&str],
    mut so: impl AsyncFnMut() -> anyhow::Result<BTreeMap<String, f64>>,
) -> anyhow::Result<()> {
    let (mut recorded, mut true_now) = Default::default();
    let outcome = eventually(query, async || {
        recorded = by(&stage.prometheus.ask(query).await?, labels);
        true_now = so().await?;
        let near = recorded.len() == true_now.len()
            && recorded.iter().all(|(name, value)| {
                let other = true_now.get(name);
                other.is_some_and(|other| (other - value).abs() < NEAR)
            });
        Ok((near && !recorded.is_empty()).then_some(()))
    })
    .await;
    outcome.map_err(|error| error.context(format!("{recorded:?} is recorded, {true_now:?} is so")))
}

/// Returns the number of pods on nodes of node pools, by pool, node pool, capacity type and architecture.
async fn running(stage: &Stage<'_>) -> anyhow::Result<BTreeMap<String, f64>> {
    let nodes = places(&stage.cluster.api).await?;
    let mut counts = BTreeMap::new();
    for pod in stage.cluster.api.list("/api/v1/pods").await? {
        let Some(place) = nodes.get(text(&pod, "/spec/nodeName")) else {
            continue;
        };
        if text(&pod, "/status/phase") == "Running" && !place.node_pool.is_empty() {
            let (node_pool, capacity_type, arch) = place.kind();
            let name = [pool(&pod), node_pool, capacity_type, arch].join(" ");
            *counts.entry(name).or_default() += 1.0;
        }
    }
    Ok(counts)
}

/// Returns the number of pods that wait for a node, by pool and by the node pool that they select.
async fn waiting(stage: &Stage<'_>) -> anyhow::Result<BTreeMap<String, f64>> {
    let mut counts = BTreeMap::new();
    for pod in stage.cluster.api.list("/api/v1/pods").await? {
        let conditions = pod["status"]["conditions"].as_array();
        let refused = conditions
            .into_iter()
            .flatten()
            .any(|condition| text(condition, "/reason") == "Unschedulable");
        if refused && text(&pod, "/status/phase") == "Pending" {
            let node_pool = text(&pod, "/spec/nodeSelector/karpenter.sh~1nodepool");
            let name = format!("{} {node_pool}", pool(&pod));
            *counts.entry(name).or_default() += 1.0;
        }
    }
    Ok(counts)
}

fn pool(pod: &Value) -> &str {
    text(pod, "/metadata/labels/placement.truemark.io~1pool")
}

/// Prometheus evaluates every shipped rule, and has all series that a rule reads or records.
pub(super) async fn evaluated(stage: &Stage<'_>) -> anyhow::Result<()> {
    let mut shipped = 0;
    for object in manifests(&repository("deploy/charts/berth/monitoring/rules"))? {
        let groups = object["spec"]["groups"].as_array().into_iter().flatten();
        shipped += groups
            .filter_map(|group| group["rules"].as_array())
            .map(Vec::len)
            .sum::<usize>();
    }
    let rules = stage.prometheus.rules().await?;
    ensure!(rules.len() == shipped, "{} of {shipped} rules", rules.len());
    let mut problems = Vec::new();
    for rule in &rules {
        let name = text(rule, "/name");
        if text(rule, "/health") != "ok" {
            problems.push(format!("{name}: {}", text(rule, "/lastError")));
        }
        if let Err(error) = fed(&stage.prometheus, text(rule, "/query")).await {
            problems.push(format!("{name}: {error:#}"));
        }
        if text(rule, "/type") == "recording" && stage.prometheus.ask(name).await?.is_empty() {
            problems.push(format!("{name} records nothing"));
        }
    }
    ensure!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}

/// Exactly the expected alerts fire.
pub(super) async fn alerts(stage: &Stage<'_>) -> anyhow::Result<()> {
    let mut seen = BTreeSet::new();
    let outcome = eventually("the alerts that should fire do, alone", async || {
        let alerts = stage.prometheus.ask("ALERTS").await?;
        // A pending alert has another name. Every `for` is a second, so that it soon fires or goes.
        seen = alerts.iter().map(about).collect();
        Ok(seen.iter().map(String::as_str).eq(FIRING).then_some(()))
    })
    .await;
    outcome.map_err(|error| error.context(format!("{seen:?}")))
}

/// Returns the name and the subject of an alert; a pending one begins with that word.
fn about(alert: &Sample) -> String {
    let state = Some(alert.label("alertstate")).filter(|state| *state != "firing");
    let labels = ABOUT.iter().map(|name| alert.label(name));
    let words = state
        .into_iter()
        .chain([alert.label("alertname")])
        .chain(labels);
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}
