//! The end of the report: what it was judged by, what would happen, and what is not known.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::cli::audit::grouping::{counted, grouped};
use crate::cli::audit::report::{Change, Cost, Report, Sums};
use crate::cli::audit::sums::amount;
use crate::cli::output::clean;
use crate::cli::paper::Paper;
use crate::cli::styled::Span;

const PLAIN: Style = Style::new();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const RED: Style = AnsiColor::Red.on_default();

/// Writes the end of the report.
pub(super) fn write(report: &Report, paper: &mut Paper<'_, impl Write>) -> io::Result<()> {
    let sums = &report.sums;
    let of_all = if sums.workloads == 0 {
        "no workload found".to_owned()
    } else {
        of_all(sums)
    };
    paper.paragraph(&[(of_all, BOLD)])?;
    if sums.workloads > 0 {
        paper.paragraph(&changes(report))?;
    }
    let found = found(sums);
    if !found.is_empty() {
        paper.paragraph(&found)?;
    }
    if let Some(cost) = sums.cost {
        paper.paragraph(&[(costs(cost), PLAIN)])?;
    }
    paper.paragraph(&[(clean(policy(report)), DIM)])?;
    if let Some(prices) = &report.prices {
        let of = format!(
            "prices: {}, {} offers. {}",
            prices.file, prices.offers, prices.method
        );
        paper.paragraph(&[(clean(of), DIM)])?;
    }
    for remark in &report.remarks {
        paper.paragraph(&[(clean(format!("note: {remark}")), YELLOW)])?;
    }
    Ok(())
}

/// Returns how much there is.
fn of_all(sums: &Sums) -> String {
    format!(
        "{}, {}, {} requested",
        counted(sums.workloads, "workload"),
        counted(sums.pods, "pod"),
        amount(sums.requests)
    )
}

/// Returns what would happen to how many workloads.
fn changes(report: &Report) -> Vec<Span> {
    let sums = &report.sums;
    let count = |change: &str| sums.changes.get(change).copied().unwrap_or_default();
    let clauses = [
        ("moves", "would move", PLAIN),
        ("stays", "would stay", PLAIN),
        ("left-alone", "left alone", PLAIN),
        ("blocked", "blocked", RED),
        ("no-pods", "without pods", PLAIN),
    ];
    let clauses = clauses.into_iter().filter(|(change, ..)| count(change) > 0);
    let clauses = clauses.map(|(change, words, style)| {
        let mut text = format!("{} {words}", grouped(&count(change).to_string()));
        if change == "left-alone" {
            text.push_str(&by_cause(report));
        }
        (text, style)
    });
    joined(clauses.collect())
}

/// Returns the reasons for which workloads are left alone, the most frequent first.
fn by_cause(report: &Report) -> String {
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    let left = report.workloads.iter();
    for workload in left.filter(|one| one.change == Change::LeftAlone) {
        *reasons.entry(&workload.then.reason).or_default() += 1;
    }
    let mut left: Vec<(&str, u64)> = reasons.into_iter().collect();
    left.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let causes = left
        .iter()
        .map(|(reason, count)| format!("{count} {reason}"));
    format!(" ({})", causes.collect::<Vec<_>>().join(", "))
}

/// Returns what was found.
fn found(sums: &Sums) -> Vec<Span> {
    let clauses = [
        (sums.denied, "denied".to_owned(), RED),
        (sums.warned, "warned of".to_owned(), YELLOW),
        (
            sums.missed,
            format!(
                "{} missed: created without berth, before the opt-in or since; restart what makes them",
                if sums.missed == 1 { "pod" } else { "pods" }
            ),
            YELLOW,
        ),
    ];
    let clauses = clauses.into_iter().filter(|(count, ..)| *count > 0);
    let clauses = clauses
        .map(|(count, words, style)| (format!("{} {words}", grouped(&count.to_string())), style));
    joined(clauses.collect())
}

/// Puts commas between clauses.
fn joined(mut clauses: Vec<Span>) -> Vec<Span> {
    let last = clauses.len().saturating_sub(1);
    for (clause, _) in &mut clauses[..last] {
        clause.push(',');
    }
    clauses
}

/// Returns the costs in words.
fn costs(cost: Cost) -> String {
    format!(
        "costs {} an hour now, {} then",
        dollars(cost.now_low, cost.now_high),
        dollars(cost.then_low, cost.then_high)
    )
}

/// Returns a range in US dollars; one figure if there is no difference to be seen.
fn dollars(low: f64, high: f64) -> String {
    let (low, high) = (format!("${low:.2}"), format!("${high:.2}"));
    if low == high {
        low
    } else {
        format!("{low} to {high}")
    }
}

/// Says what it was judged by.
fn policy(report: &Report) -> String {
    let whose = match report.policy.source {
        "flag" => "the policy of --policy",
        "cluster" => "the cluster's policy",
        _ => "the default policy",
    };
    let effect = if report.policy.mode == "Audit" {
        ", in Audit: nothing of this is carried out"
    } else {
        ""
    };
    format!("{}, judged by {whose}{effect}", report.source)
}
