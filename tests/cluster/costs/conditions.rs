//! The API server's own figures of the match conditions. It notes them down for each pod that a condition keeps away.

use anyhow::{Context, ensure};

use super::rows::Row;
use crate::harness::cluster::Cluster;

/// The metric, without its last word.
const METRIC: &str = "apiserver_admission_match_condition_evaluation_seconds";

/// Returns a sentence on how long the conditions of each side take for a pod.
///
/// # Errors
/// When they have kept no pod away.
pub(super) async fn sentence(cluster: &Cluster) -> anyhow::Result<String> {
    let (_, page) = cluster.api.raw("/metrics").await?;
    let mut means = Vec::new();
    for side in ["admit", "validating"] {
        let (sum, count) = (read(&page, side, "sum")?, read(&page, side, "count")?);
        ensure!(count > 0.0, "no condition of {side} keeps a pod away");
        means.push(format!("{:.0} µs ({side})", sum * 1e6 / count));
    }
    let means = means.join(" and ");
    Ok(format!(
        "The match conditions of a pod take {means} on average, by the API server's own metric.\n"
    ))
}

/// Reads a series of the pods that are kept away: the sum of all seconds, or their count.
fn read(page: &str, side: &str, word: &str) -> anyhow::Result<f64> {
    let start = format!("{METRIC}_{word}{{");
    let name = format!(".{}.example.com\"", Row::Spared.name());
    let kind = format!("type=\"{side}\"");
    let series = page
        .lines()
        .find(|line| line.starts_with(&start) && line.contains(&name) && line.contains(&kind));
    let value = series.and_then(|line| line.rsplit(' ').next());
    Ok(value.with_context(|| format!("{start} {side}"))?.parse()?)
}
