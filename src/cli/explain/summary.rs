//! The summary of a report: how many workloads had which outcome, and what was found in them.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

use super::outcome::Outcome;
use super::report::Summary;

const RED: Style = AnsiColor::Red.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();

/// Returns the summary: the clauses of a line, each with its colour. Each object is in one of the first clauses. The last
/// ones, behind a semicolon, count workloads of those once more.
pub(super) fn summary(summary: &Summary) -> Vec<(String, Style)> {
    let mut clauses = outcomes(summary);
    if summary.unreadable > 0 {
        clauses.push((format!("{} unreadable", summary.unreadable), RED));
    }
    if clauses.is_empty() {
        clauses.push(("no workload found".to_owned(), Style::new()));
    }
    if summary.skipped > 0 {
        let skipped = format!("{} of other kinds skipped", summary.skipped);
        clauses.push((skipped, Style::new()));
    }
    let counted = clauses.len();
    if summary.audited_denials > 0 {
        let denials = format!("{} would be denied", summary.audited_denials);
        clauses.push((denials, YELLOW));
    }
    let warned = summary.warned_only();
    if warned > 0 {
        clauses.push((format!("{warned} warned"), YELLOW));
    }
    let last = clauses.len() - 1;
    for (position, (clause, _)) in clauses.iter_mut().enumerate() {
        match position {
            _ if position == last => {}
            _ if position + 1 == counted => clause.push(';'),
            _ => clause.push(','),
        }
    }
    clauses
}

/// Returns the summary as a line without colours.
pub(super) fn plain(of: &Summary) -> String {
    let clauses = summary(of).into_iter().map(|(clause, _)| clause);
    clauses.collect::<Vec<_>>().join(" ")
}

/// Returns a count for each outcome, and one for all that are left alone.
fn outcomes(summary: &Summary) -> Vec<(String, Style)> {
    let (mut clauses, mut left_alone) = (Vec::new(), Vec::new());
    for (outcome, count) in &summary.outcomes {
        match outcome {
            Outcome::LeftAlone(reason) => left_alone.push((reason, count)),
            Outcome::Placed | Outcome::AlreadyPlaced | Outcome::WouldBePlaced => {
                clauses.push((format!("{count} {outcome}"), Style::new()));
            }
            Outcome::Denied => {}
        }
    }
    clauses.extend(by_cause("left alone", &left_alone).map(|clause| (clause, Style::new())));
    let denied: Vec<_> = summary.denied.iter().collect();
    clauses.extend(by_cause("denied", &denied).map(|clause| (clause, RED)));
    clauses
}

/// Returns a count, and the counts of which it is made; `None` if there are none.
fn by_cause(what: &str, causes: &[(&impl Display, &usize)]) -> Option<String> {
    let total: usize = causes.iter().map(|(_, count)| **count).sum();
    let causes: Vec<_> = causes
        .iter()
        .map(|(cause, count)| format!("{count} {cause}"))
        .collect();
    (total > 0).then(|| format!("{total} {what} ({})", causes.join(", ")))
}
