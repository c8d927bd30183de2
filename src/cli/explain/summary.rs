//! The summary of a report: how many workloads had which outcome.

use std::collections::BTreeMap;

use anstyle::{AnsiColor, Style};

use super::report::Summary;
use crate::placement::Reason;
use crate::policy::Mode;

const RED: Style = AnsiColor::Red.on_default();

/// Returns the summary, in one line.
pub(super) fn summary(summary: &Summary) -> String {
    let Summary {
        outcomes,
        refused,
        skipped,
        ..
    } = summary;
    let mut parts = counts(outcomes);
    if *refused > 0 {
        parts.push(format!("{RED}{refused} refused{RED:#}"));
    }
    if parts.is_empty() {
        parts.push("no workload found".to_owned());
    }
    if *skipped > 0 {
        parts.push(format!("{skipped} of other kinds skipped"));
    }
    parts.join(", ")
}

/// Returns a count for each outcome, and one for all that are left alone.
fn counts(outcomes: &BTreeMap<(Reason, Mode), usize>) -> Vec<String> {
    let (mut parts, mut left_alone, mut by_reason) = (Vec::new(), 0, Vec::new());
    for ((reason, mode), count) in outcomes {
        match (reason, mode) {
            (Reason::Placed, Mode::Audit) => parts.push(format!("{count} would be placed")),
            (Reason::Placed | Reason::AlreadyPlaced, _) => {
                parts.push(format!("{count} {reason}"));
            }
            _ => {
                left_alone += count;
                by_reason.push(format!("{count} {reason}"));
            }
        }
    }
    if left_alone > 0 {
        let reasons = by_reason.join(", ");
        parts.push(format!("{left_alone} left alone ({reasons})"));
    }
    parts
}
