//! A cluster without berth.

use super::contents::Contents;
use super::report::{Line, Mark, Report, Section};

/// The command that installs berth.
pub(super) const COMMAND: &str =
    "helm install berth deploy/charts/berth --namespace berth-system --create-namespace --wait";

/// Returns the report on a cluster without berth; `None` if there is some of berth, or if that cannot be seen.
pub(super) fn absent(contents: &Contents, webhooks: usize) -> Option<Report> {
    let seen = contents.mutating.is_ok() && contents.validating.is_ok();
    let deployments = contents.deployments.as_ref().ok()?;
    if !seen || webhooks > 0 || !deployments.is_empty() {
        return None;
    }
    let line = Line::new(Mark::Wrong, "there is no berth in this cluster").with_remedy(COMMAND);
    Some(Report {
        sections: vec![Section {
            name: "berth",
            lines: vec![line],
        }],
    })
}
