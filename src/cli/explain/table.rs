//! The report as a table: a line for each workload, by namespace.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::closing::close;
use super::division::Division;
use super::examine::Examination;
use super::explanation::Explanation;
use super::outcome::Outcome;
use super::report::{Examined, Fate};
use crate::cli::columns::{Cell, row, widths};
use crate::cli::files::Manifest;
use crate::cli::output::clean;
use crate::cli::paper::Paper;
use crate::cli::styled::Span;
use crate::encoding::field::Segment;
use crate::placement::Decision;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const RED: Style = AnsiColor::Red.on_default();

const HEADING: [&str; 6] = [
    "KIND/NAME",
    "DECISION",
    "POOL",
    "NODE POOLS",
    "ARCH",
    "FINDINGS",
];

/// The fewest columns of a table that is broken for a screen.
const NARROWEST: usize = 80;

/// A row of the table.
type Row = [Cell; HEADING.len()];

/// The table, before anybody knows how wide its columns are.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// The rows of each namespace, in the order of the input.
    namespaces: BTreeMap<String, Vec<Row>>,
    /// A line for each object that cannot be read.
    unreadable: Vec<String>,
}

impl Table {
    /// Examines the input.
    pub(super) fn of(
        manifests: &[Manifest],
        examination: &mut Examination<'_>,
    ) -> io::Result<Self> {
        let mut table = Self::default();
        for manifest in manifests {
            examination.manifest(manifest, &mut |object| {
                table.add(&object);
                Ok(())
            })?;
        }
        Ok(table)
    }

    /// Returns the number of objects that the report tells of.
    pub(super) fn len(&self) -> usize {
        let rows: usize = self.namespaces.values().map(Vec::len).sum();
        rows + self.unreadable.len()
    }

    fn add(&mut self, object: &Examined<'_, '_>) {
        match &object.fate {
            Fate::Explained(explanation) => {
                let namespace = clean(object.identity.effective_namespace());
                let rows = self.namespaces.entry(namespace).or_default();
                rows.push(cells(object, explanation));
            }
            Fate::Unreadable(error) if object.identity.kind.is_empty() => {
                let line = format!("{}: {error}", object.location);
                self.unreadable.push(line);
            }
            Fate::Unreadable(error) => {
                let line = format!("{}: {}: {error}", object.location, object.identity);
                self.unreadable.push(line);
            }
            Fate::Skipped => {}
        }
    }

    /// Writes the table, and the end of the report.
    pub(super) fn write(
        &self,
        examination: &Examination<'_>,
        hints: &[String],
        paper: &mut Paper<'_, impl Write>,
    ) -> io::Result<()> {
        if !self.namespaces.is_empty() {
            self.write_rows(paper)?;
            paper.line("")?;
        }
        for line in &self.unreadable {
            let label = ("unreadable:".to_owned(), RED);
            paper.paragraph(&[label, (clean(line), Style::new())])?;
        }
        if !self.unreadable.is_empty() {
            paper.line("")?;
        }
        close(&examination.summary, hints, paper)
    }

    fn write_rows(&self, paper: &mut Paper<'_, impl Write>) -> io::Result<()> {
        let heading = HEADING.map(|name| vec![(name.to_owned(), DIM)]);
        let rows = self.namespaces.values().flatten();
        let all: Vec<&Row> = [&heading].into_iter().chain(rows).collect();
        let limit = paper.columns.map(|columns| columns.max(NARROWEST));
        let widths = widths(&all, limit);
        for line in row(&heading, &widths) {
            paper.line(&line)?;
        }
        for (namespace, rows) in &self.namespaces {
            paper.line(&format!("{BOLD}namespace {namespace}{BOLD:#}"))?;
            for line in rows.iter().flat_map(|cells| row(cells, &widths)) {
                paper.line(&line)?;
            }
        }
        Ok(())
    }
}

fn cells(object: &Examined<'_, '_>, explanation: &Explanation<'_>) -> Row {
    let outcome = Outcome::of(explanation);
    let cell = |text: String| vec![plain(&text)];
    let mut name = format!(
        "{}/{}",
        object.identity.kind,
        object.identity.display_name()
    );
    name.push_str(&which_template(explanation));
    [
        cell(name),
        decision_cell(outcome),
        pool_cell(explanation),
        listed(node_pools(explanation).into_iter().map(plain)),
        listed(architectures(explanation).into_iter().map(plain)),
        listed(findings(explanation).into_iter()),
    ]
}

/// Returns the pool. A split one has the numbers of pods on both sides, or the side of a pod.
fn pool_cell(explanation: &Explanation<'_>) -> Cell {
    let decision = &explanation.decision;
    let Some(pool) = decision.pool else {
        return vec![plain("")];
    };
    let division = explanation.division.as_ref();
    let division = division.filter(|division| division.all_to.is_none());
    let counts = division.map(Division::counts);
    let sides = match (counts, decision.assigned) {
        (Some(Some((on_demand, spot))), _) => {
            vec![format!("{on_demand} on-demand,"), format!("{spot} spot")]
        }
        (Some(None), _) => vec!["on-demand".to_owned(), "and spot".to_owned()],
        (None, Some(assigned)) => vec![assigned.side.to_string()],
        (None, None) => return vec![plain(&pool.name)],
    };
    let sides = sides.iter().map(|part| plain(part));
    [plain(&format!("{}:", pool.name))]
        .into_iter()
        .chain(sides)
        .collect()
}

/// Returns the names of the node pools, those of both sides of a split.
fn node_pools<'e>(explanation: &'e Explanation<'_>) -> Vec<&'e str> {
    let names = decisions(explanation).into_iter();
    let names = names.flat_map(|decision| &decision.node_pools);
    names.map(|node_pool| &**node_pool.name()).collect()
}

/// Returns the architectures, those of both sides of a split, each once.
fn architectures<'e>(explanation: &'e Explanation<'_>) -> Vec<&'e str> {
    let mut names = Vec::new();
    for decision in decisions(explanation) {
        for name in &decision.architectures {
            if !names.contains(name) {
                names.push(*name);
            }
        }
    }
    names
}

fn decisions<'e, 'p>(explanation: &'e Explanation<'p>) -> Vec<&'e Decision<'p>> {
    let decision = &explanation.decision;
    match &explanation.division {
        Some(division) => {
            let sides = division.sides(decision).into_iter();
            sides.map(|(_, decision)| decision).collect()
        }
        None => vec![decision],
    }
}

/// Returns the outcome, which is best broken before the reason.
fn decision_cell(outcome: Outcome) -> Cell {
    let text = outcome.to_string();
    let parts = text.split_inclusive(": ").map(str::trim_end);
    parts
        .map(|part| (part.to_owned(), outcome.style()))
        .collect()
}

fn plain(text: &str) -> Span {
    (clean(text), Style::new())
}

/// Returns a list with commas.
fn listed(names: impl ExactSizeIterator<Item = Span>) -> Cell {
    let last = names.len().saturating_sub(1);
    let names = names.enumerate();
    names
        .map(|(position, (name, style))| {
            let comma = if position < last { "," } else { "" };
            (name + comma, style)
        })
        .collect()
}

/// Returns the steps by which a template differs from the others of its object, if there may be others.
fn which_template(explanation: &Explanation<'_>) -> String {
    let template = explanation.made.as_ref();
    let template = template.and_then(|made| made.template.as_ref());
    let steps = template.into_iter().flat_map(|path| &path.0);
    let steps = steps.map(|step| match step {
        Segment::Index(position) => format!("[{position}]"),
        Segment::Entry(key) => format!("[{key}]"),
        Segment::Key(_) => String::new(),
    });
    steps.collect()
}

/// Returns the names of the checks, those that deny first.
fn findings(explanation: &Explanation<'_>) -> Vec<Span> {
    let mut names: Vec<Span> = Vec::new();
    for (denies, style) in [(true, RED), (false, YELLOW)] {
        let found = explanation.findings.iter();
        let found = found.filter(|finding| explanation.denies(finding) == denies);
        for name in found.map(|finding| finding.check.to_string()) {
            if !names.iter().any(|(known, _)| *known == name) {
                names.push((name, style));
            }
        }
    }
    names
}
