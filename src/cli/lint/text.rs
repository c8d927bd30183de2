//! The findings for a person: a paragraph each, and a summary.

use std::io::{self, Write};

use anstyle::Style;

use super::located::DEFAULT_POLICY;
use super::report::{Found, Report};
use crate::cli::output::clean;
use crate::cli::paper::Paper;
use crate::cli::severity::style;
use crate::encoding::wording::counted;
use crate::preflight::Severity;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Writes the findings, with lines of at most so many columns.
pub(super) fn write(
    report: &Report,
    columns: Option<usize>,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut paper = Paper::new(out, columns);
    for found in &report.findings {
        finding(found, &mut paper)?;
        paper.line("")?;
    }
    if report.policies == 0 {
        return Ok(());
    }
    paper.paragraph(&[(summary(report), Style::new())])?;
    if !report.is_whole {
        paper.paragraph(&[(WITHOUT_NODE_POOLS.to_owned(), DIM)])?;
    }
    Ok(())
}

const WITHOUT_NODE_POOLS: &str =
    "Without the NodePools, berth looks at the policy alone: give them too, or --cluster.";

fn finding(found: &Found, paper: &mut Paper<'_, impl Write>) -> io::Result<()> {
    let Found {
        flaw,
        object,
        place,
    } = found;
    let severity = flaw.lint.severity();
    let place = match place {
        Some(place) if place.file == "-" => format!("standard input{}", line(place.line)),
        Some(place) => format!("{}{}", place.file, line(place.line)),
        None => object.clone(),
    };
    paper.paragraph(&[
        (clean(format!("{place}:")), BOLD),
        (format!("{severity}:"), style(severity)),
        (clean(&flaw.message), Style::new()),
    ])?;
    let plain = Style::new();
    paper.row("to do", plain, &flaw.remedy)?;
    paper.row("at", DIM, &format!("{object}, {}", flaw.path))?;
    paper.row("lint", DIM, &flaw.lint)
}

fn line(line: Option<usize>) -> String {
    line.map(|line| format!(":{line}")).unwrap_or_default()
}

fn summary(report: &Report) -> String {
    let counts: Vec<String> = Severity::ALL
        .iter()
        .map(|severity| counted(report.count(*severity), severity.as_str()))
        .collect();
    let policies = match report.policies {
        _ if report.is_default_policy => DEFAULT_POLICY.to_owned(),
        1 => "1 policy".to_owned(),
        more => format!("{more} policies"),
    };
    let node_pools = counted(report.node_pools, "NodePool");
    format!("{policies} and {node_pools}: {}", counts.join(", "))
}
