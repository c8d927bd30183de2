//! The summary of a report: how many workloads had which outcome.

use std::collections::BTreeMap;

use anstyle::{AnsiColor, Style};

use super::report::{Fate, Report};
use crate::placement::{Decision, Reason};
use crate::policy::Mode;

const RED: Style = AnsiColor::Red.on_default();

/// Returns the summary, in one line.
pub(super) fn summary(report: &Report<'_>) -> String {
    let mut outcomes: BTreeMap<(Reason, Mode), usize> = BTreeMap::new();
    let (mut refused, mut skipped) = (0, 0);
    for object in &report.objects {
        match &object.fate {
            Fate::Explained(explanation) => {
                *outcomes.entry(outcome(&explanation.decision)).or_default() += 1;
            }
            Fate::Refused(_) => refused += 1,
            Fate::Skipped => skipped += 1,
        }
    }
    let mut parts = counts(&outcomes);
    if refused > 0 {
        parts.push(format!("{RED}{refused} refused{RED:#}"));
    }
    if parts.is_empty() {
        parts.push("no workload found".to_owned());
    }
    if skipped > 0 {
        parts.push(format!("{skipped} of other kinds skipped"));
    }
    parts.join(", ")
}

/// Returns the reason, and the mode if it matters: pods that are left alone are so in Audit too.
fn outcome(decision: &Decision<'_>) -> (Reason, Mode) {
    match decision.reason {
        Reason::Placed => (decision.reason, decision.mode),
        reason => (reason, Mode::Enforce),
    }
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
