//! The panels of the dashboard and their queries, for the tests that read them and for those that ask a Prometheus.

use serde_json::Value;

/// The dashboard, below the repository.
pub(crate) const DASHBOARD: &str = "deploy/charts/berth/monitoring/dashboard/berth.json";

/// What stands for each variable where a query is asked without Grafana: everything, within the last hour.
pub(crate) const VARIABLES: [(&str, &str); 4] = [
    ("$__rate_interval", "5m"),
    ("$__range", "1h"),
    ("$namespace", ".*"),
    ("$pool", ".*"),
];

/// A query of a panel.
pub(crate) struct Query<'d> {
    /// The title of the panel.
    pub(crate) panel: &'d str,
    /// As it is written.
    pub(crate) written: &'d str,
}

impl Query<'_> {
    /// The query as Prometheus takes it.
    pub(crate) fn expr(&self) -> String {
        let written = self.written.to_owned();
        VARIABLES.iter().fold(written, |expr, (variable, value)| {
            expr.replace(variable, value)
        })
    }
}

/// The panels, rows included, in the order of the file.
pub(crate) fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    dashboard["panels"].as_array().into_iter().flatten()
}

/// Every query of every panel.
pub(crate) fn queries(dashboard: &Value) -> impl Iterator<Item = Query<'_>> {
    panels(dashboard).flat_map(|panel| {
        let targets = panel["targets"].as_array().into_iter().flatten();
        targets.map(|target| Query {
            panel: panel["title"].as_str().unwrap_or_default(),
            written: target["expr"].as_str().unwrap_or_default(),
        })
    })
}
