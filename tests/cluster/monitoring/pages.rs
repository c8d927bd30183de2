//! The queries of the dashboard and of the pages.

use anyhow::{Context, ensure};
use serde_json::Value;

use super::queries::fed;
use super::stage::Stage;
use crate::harness::api::text;
use crate::harness::{node_pools, repository};
use crate::panels;

/// Every query of every panel, and every variable, gives something.
pub(super) async fn dashboard(stage: &Stage<'_>) -> anyhow::Result<()> {
    let file = std::fs::read_to_string(repository(panels::DASHBOARD))?;
    let dashboard: Value = serde_json::from_str(&file)?;
    let mut problems = Vec::new();
    let mut seen = 0;
    for query in panels::queries(&dashboard) {
        seen += 1;
        if let Err(error) = answered(stage, &query.expr()).await {
            problems.push(format!("{}: {error:#}", query.panel));
        }
    }
    ensure!(seen > 0, "the dashboard has no queries");
    for variable in dashboard["templating"]["list"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let query = text(variable, "/query/query");
        let Some(arguments) = query.strip_prefix("label_values(") else {
            continue;
        };
        let (metric, label) = arguments
            .trim_end_matches(')')
            .rsplit_once(", ")
            .with_context(|| query.to_owned())?;
        let query = format!("group by ({label}) ({metric}{{{label}!=\"\"}})");
        if let Err(error) = answered(stage, &query).await {
            problems.push(format!("{error:#}"));
        }
    }
    ensure!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}

/// Asserts that a query gives something, even without an `or` at its end.
async fn answered(stage: &Stage<'_>, query: &str) -> anyhow::Result<()> {
    let samples = stage.prometheus.ask(query).await?;
    ensure!(!samples.is_empty(), "nothing comes of {query}");
    fed(&stage.prometheus, query).await
}

/// Every query that a page prints gives something.
pub(super) async fn queries(stage: &Stage<'_>) -> anyhow::Result<()> {
    let mut problems = Vec::new();
    let mut seen = 0;
    for page in ["docs/cost.md", "docs/monitoring.md", "docs/runbooks.md"] {
        let page_text = std::fs::read_to_string(repository(page))?;
        for block in page_text.split("```promql\n").skip(1) {
            let query = block.split("```").next().unwrap_or_default();
            seen += 1;
            if let Err(error) = answered(stage, query).await {
                problems.push(format!("{page}: {error:#}"));
            }
        }
    }
    ensure!(seen > 0, "the pages have no queries");
    ensure!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}

/// The queries of the page in full. Three of them are those of berth's own design.
const NOTHING: [&str; 5] = [
    "rate(node_cpu_seconds_total{nodepool=\"NODE_POOL\"}[5m])",
    "sum(rate(node_cpu_seconds_total{nodepool=\"NODE_POOL\"}[5m])) / sum(machine_cpu_cores{nodepool=\"NODE_POOL\"})",
    "sum(node_memory_MemTotal_bytes{nodepool=\"NODE_POOL\"}) \
     - sum(node_memory_MemAvailable_bytes{nodepool=\"NODE_POOL\"}) / sum(node_memory_MemTotal_bytes{nodepool=\"NODE_POOL\"})",
    "count(kube_pod_status_unscheduled{nodepool=\"NODE_POOL\"})",
    "karpenter_pods_state{nodepool=\"NODE_POOL\", phase=\"Pending\"}",
];

/// These queries give nothing, as the page says, although node pools have nodes and pods wait.
pub(super) async fn nothing(stage: &Stage<'_>) -> anyhow::Result<()> {
    let page = std::fs::read_to_string(repository("docs/monitoring.md"))?;
    let (_, section) = page
        .split_once("\n## Queries that return nothing\n")
        .context("the page has no such section")?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    ensure!(rows.count() == NOTHING.len(), "the page has other queries");
    for place in node_pools::places(&stage.cluster.api).await?.into_values() {
        for query in NOTHING {
            let query = query.replace("NODE_POOL", &place.node_pool);
            let samples = stage.prometheus.ask(&query).await?;
            ensure!(samples.is_empty(), "{query} gives {samples:?}");
        }
    }
    // There are pods.
    let pods = stage
        .prometheus
        .ask("karpenter_pods_state{phase=\"Pending\"}")
        .await?;
    ensure!(!pods.is_empty(), "Karpenter tells of no pod that waits");
    Ok(())
}
