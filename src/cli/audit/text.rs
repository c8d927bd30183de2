//! The report for a person: a table of the workloads by namespace, what is denied, and the sums at the end.

mod figures;
mod summary;
mod words;

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::report::{Report, Workload};
use crate::cli::columns::{Cell, row, widths};
use crate::cli::output::clean;
use crate::cli::paper::Paper;
use crate::cli::styled::Span;
use crate::cli::terminal::Screen;
use words::{change, now, standing, then};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const RED: Style = AnsiColor::Red.on_default();

const HEADING: [&str; 6] = ["KIND/NAME", "PODS", "NOW", "THEN", "CHANGE", "FINDINGS"];

/// The fewest columns of a table that is broken for a screen.
const NARROWEST: usize = 80;

/// A row of the table.
type Row = [Cell; HEADING.len()];

/// Writes the report for the screen.
pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let mut paper = Paper::new(out, Screen::of_stdout().columns);
    if !report.workloads.is_empty() {
        table(report, &mut paper)?;
        paper.line("")?;
        denied(report, &mut paper)?;
        figures::write(report, &mut paper)?;
    }
    summary::write(report, &mut paper)
}

fn table(report: &Report, paper: &mut Paper<'_, impl Write>) -> io::Result<()> {
    let heading = HEADING.map(|name| vec![(name.to_owned(), DIM)]);
    let rows: Vec<Row> = report.workloads.iter().map(cells).collect();
    let all: Vec<&Row> = [&heading].into_iter().chain(&rows).collect();
    let limit = paper.columns.map(|columns| columns.max(NARROWEST));
    let widths = widths(&all, limit);
    for line in row(&heading, &widths) {
        paper.line(&line)?;
    }
    let mut namespace = None;
    for (workload, cells) in report.workloads.iter().zip(&rows) {
        if namespace != Some(&workload.namespace) {
            namespace = Some(&workload.namespace);
            let name = clean(&workload.namespace);
            let standing = standing(workload);
            paper.paragraph(&[(format!("namespace {name} "), BOLD), (standing, DIM)])?;
        }
        for line in row(cells, &widths) {
            paper.line(&line)?;
        }
    }
    Ok(())
}

fn cells(workload: &Workload) -> Row {
    let plain = |text: String| vec![(clean(text), Style::new())];
    let (change, style) = change(workload);
    [
        plain(format!("{}/{}", workload.kind, workload.name)),
        plain(workload.pods.to_string()),
        listed(now(workload)),
        listed(then(workload)),
        vec![(change, style)],
        listed(findings(workload)),
    ]
}

/// Returns the names of the checks, those that deny first, and the number of pods that berth missed.
fn findings(workload: &Workload) -> Vec<Span> {
    let of = |action: &'static str, style: Style| {
        let found = workload.findings.iter();
        let found = found.filter(move |finding| finding.action == action);
        found.map(move |finding| (finding.check.clone(), style))
    };
    let missed = (workload.missed > 0).then(|| (format!("{} missed", workload.missed), YELLOW));
    of("Deny", RED)
        .chain(of("Warn", YELLOW))
        .chain(missed)
        .collect()
}

/// Returns a list with commas.
fn listed(names: Vec<Span>) -> Cell {
    let last = names.len().saturating_sub(1);
    let names = names.into_iter().enumerate();
    names
        .map(|(position, (name, style))| {
            let comma = if position < last { "," } else { "" };
            (clean(name) + comma, style)
        })
        .collect()
}

/// Writes a block for each workload that is denied: what is wrong, and what to do.
fn denied(report: &Report, paper: &mut Paper<'_, impl Write>) -> io::Result<()> {
    for workload in report.workloads.iter().filter(|one| one.then.denied) {
        let Workload {
            namespace,
            kind,
            name,
            ..
        } = workload;
        let what = format!("{kind} {name} ");
        let place = format!("namespace {namespace}");
        paper.paragraph(&[(clean(what), BOLD), (clean(place), DIM)])?;
        let label = if workload.then.audited {
            "would deny"
        } else {
            "denied"
        };
        for finding in workload.findings.iter().filter(|one| one.action == "Deny") {
            for (position, line) in finding.lines.iter().enumerate() {
                if position == 0 {
                    let line = format!("{}: {line}", finding.check);
                    paper.row(label, RED, &line)?;
                } else {
                    paper.row("", Style::new(), line)?;
                }
            }
        }
        paper.line("")?;
    }
    Ok(())
}
