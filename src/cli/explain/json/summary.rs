//! The numbers at the end of the document, and its warnings.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::explain::outcome::Outcome;
use crate::cli::explain::report::Summary;
use crate::cli::files::Warning;

/// The numbers of workloads by outcome, and of other things. Each workload is in one of the first five.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SummaryJson {
    placed: usize,
    already_placed: usize,
    /// The number of those that Audit leaves as they are.
    would_be_placed: usize,
    /// The number of those that are left alone, by reason.
    left_alone: BTreeMap<&'static str, usize>,
    /// The number of those that are denied, by the first check that denies them.
    denied: BTreeMap<&'static str, usize>,
    /// The number of those that would be denied if it were not for Audit.
    would_be_denied: usize,
    /// The number of those that are warned of and neither denied nor would be.
    warned: usize,
    unreadable: usize,
    skipped: usize,
}

impl SummaryJson {
    pub(super) fn of(summary: &Summary) -> Self {
        let count = |outcome| summary.outcomes.get(&outcome).copied().unwrap_or_default();
        let left_alone = summary.outcomes.iter();
        let left_alone = left_alone.filter_map(|(outcome, count)| match outcome {
            Outcome::LeftAlone(reason) => Some((reason.as_str(), *count)),
            _ => None,
        });
        let denied = summary.denied.iter();
        Self {
            placed: count(Outcome::Placed),
            already_placed: count(Outcome::AlreadyPlaced),
            would_be_placed: count(Outcome::WouldBePlaced),
            left_alone: left_alone.collect(),
            denied: denied
                .map(|(check, count)| (check.as_str(), *count))
                .collect(),
            would_be_denied: summary.audited_denials,
            warned: summary.warned_only(),
            unreadable: summary.unreadable,
            skipped: summary.skipped,
        }
    }
}

/// A warning, with its place in the input.
#[derive(Serialize)]
pub(super) struct WarningJson<'r> {
    file: &'r str,
    document: Option<usize>,
    line: Option<usize>,
    message: String,
}

impl<'r> WarningJson<'r> {
    pub(super) fn of(warning: &'r Warning) -> Self {
        let Warning {
            location,
            fault,
            effect,
        } = warning;
        Self {
            file: &location.file,
            document: location.document,
            line: location.line,
            message: format!("{fault}: {effect}"),
        }
    }
}
