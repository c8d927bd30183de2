//! The panels of the dashboard and their queries. The integration tests read them, and the cluster tests ask a Prometheus.

use serde_json::Value;

/// The dashboard, below the repository.
pub(crate) const DASHBOARD: &str = "deploy/charts/berth/monitoring/dashboard/berth.json";

/// The values of the variables in a query that is asked without Grafana: everything, within the last hour.
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
    /// The query as the dashboard has it.
    pub(crate) written: &'d str,
}

impl Query<'_> {
    /// Returns the query as Prometheus takes it.
    pub(crate) fn expr(&self) -> String {
        let written = self.written.to_owned();
        VARIABLES.iter().fold(written, |expr, (variable, value)| {
            expr.replace(variable, value)
        })
    }
}

/// Returns the panels, rows included, in the order of the file.
pub(crate) fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    dashboard["panels"].as_array().into_iter().flatten()
}

/// Returns every query of every panel.
pub(crate) fn queries(dashboard: &Value) -> impl Iterator<Item = Query<'_>> {
    panels(dashboard).flat_map(|panel| {
        let targets = panel["targets"].as_array().into_iter().flatten();
        targets.map(|target| Query {
            panel: panel["title"].as_str().unwrap_or_default(),
            written: target["expr"].as_str().unwrap_or_default(),
        })
    })
}
