//! The series that a query reads.

use anyhow::bail;
use regex::Regex;

use super::prometheus::Prometheus;

/// The series that are rightly missing, by a part of their matchers, and why.
const ABSENT: [(&str, &str); 7] = [
    (
        "label_scheduling_cast_ai_node_template!=\"\"",
        "the nodes are Karpenter's",
    ),
    (
        "label_eks_amazonaws_com_nodegroup!=\"\"",
        "there is no managed node group",
    ),
    (
        "node_uname_info{node!=\"\"}",
        "the exporter is told by its pod, as in kube-prometheus-stack",
    ),
    ("code=~\"5..\"", "berth answers all that it is asked"),
    ("reason=\"internal-error\"", "it meets no bug"),
    ("basis=\"lot\"", "berth may see the pods of the split pool"),
    (
        "error_type!=\"no_error\"",
        "nothing is registered that could block requests",
    ),
];

/// Returns the series that a query reads: each metric with its matchers.
fn selectors(query: &str) -> anyhow::Result<Vec<&str>> {
    let selector = Regex::new(r"[A-Za-z_][A-Za-z0-9_:]*(?:\{[^}]*\})?")?;
    let theirs = ["apiserver_", "berth_", "karpenter_", "kube_", "node_"];
    let found = selector.find_iter(query).map(|found| found.as_str());
    let read = found.filter(|found| {
        let name = found.split('{').next().unwrap_or_default();
        name.contains(':') || theirs.iter().any(|start| name.starts_with(start))
    });
    Ok(read.collect())
}

/// Asserts that every series of a query exists. A missing one would keep the query silent, and make a 0 a lie.
pub(super) async fn fed(prometheus: &Prometheus, query: &str) -> anyhow::Result<()> {
    for selector in selectors(query)? {
        if ABSENT.iter().any(|(part, _)| selector.contains(part)) {
            continue;
        }
        if prometheus.ask(selector).await?.is_empty() {
            bail!("nothing has {selector}");
        }
    }
    Ok(())
}
