//! The explanation for a person: one block for each workload, and a summary.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::judge::{Entry, Explanation, Outcome, Report};
use crate::cli::clean;
use crate::names::INJECTION_LABEL;
use crate::placement::{Decision, Reason};
use crate::policy::{Action, Mode};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const RED: Style = AnsiColor::Red.on_default();

/// Writes the whole report.
pub(super) fn write(report: &Report<'_, '_>, out: &mut impl Write) -> io::Result<()> {
    for entry in &report.entries {
        match &entry.outcome {
            Outcome::Explained(explanation) => {
                heading(entry, out)?;
                explained(explanation, out)?;
            }
            Outcome::Refused { .. } => {
                heading(entry, out)?;
                row(out, "refused", RED, &entry.refusal())?;
            }
            Outcome::Skipped => continue,
        }
        writeln!(out)?;
    }
    summary(report, out)
}

fn heading(entry: &Entry<'_, '_>, out: &mut impl Write) -> io::Result<()> {
    let (identity, place) = (&entry.identity, &entry.place);
    if identity.kind.is_empty() {
        return writeln!(out, "{BOLD}{}{BOLD:#}", clean(place));
    }
    let name = clean(format!("{} {}", identity.kind, identity.display_name()));
    let item = if entry.path.0.is_empty() {
        String::new()
    } else {
        format!(" {}", entry.path)
    };
    let place = clean(format!(
        "namespace {}, {place}{item}",
        identity.effective_namespace()
    ));
    writeln!(out, "{BOLD}{name}{BOLD:#}  {DIM}{place}{DIM:#}")
}

fn explained(explanation: &Explanation<'_>, out: &mut impl Write) -> io::Result<()> {
    let decision = &explanation.decision;
    row(out, "outcome", style(decision.reason), &outcome(decision))?;
    if let Some(rule) = decision.rule {
        row(out, "rule", Style::new(), &rule.name)?;
    }
    if let Some(pool) = decision.pool {
        row(out, "pool", Style::new(), &pool.name)?;
    }
    if !decision.node_pools.is_empty() {
        let names: Vec<&str> = decision
            .node_pools
            .iter()
            .map(|node_pool| &**node_pool.name())
            .collect();
        row(out, "node pools", Style::new(), &names.join(", "))?;
    }
    if !decision.architectures.is_empty() {
        let names = decision.architectures.join(", ");
        row(out, "architectures", Style::new(), &names)?;
    }
    let label = if explanation.is_enforced() {
        "adds"
    } else {
        "would add"
    };
    for (position, addition) in additions(decision).iter().enumerate() {
        let label = if position == 0 { label } else { "" };
        row(out, label, Style::new(), addition)?;
    }
    if let Some(why) = decision
        .detail
        .as_deref()
        .or_else(|| decision.reason.sentence())
    {
        row(out, "why", Style::new(), &why)?;
    }
    for finding in &explanation.findings {
        let style = match (finding.action, decision.mode) {
            (Action::Deny, Mode::Enforce) => RED,
            _ => YELLOW,
        };
        let label = verdict(finding.action, decision.mode);
        for (position, line) in finding.lines.iter().enumerate() {
            if position == 0 {
                row(out, label, style, &format!("{}: {line}", finding.check))?;
            } else {
                row(out, "", style, line)?;
            }
        }
    }
    Ok(())
}

/// What comes of a finding. A rule in Audit, or a policy, only counts it.
pub(super) fn verdict(action: Action, mode: Mode) -> &'static str {
    match (action, mode) {
        (Action::Deny, Mode::Enforce) => "denied",
        (Action::Deny, Mode::Audit) => "would deny",
        (_, Mode::Enforce) => "warning",
        (_, Mode::Audit) => "would warn",
    }
}

/// A row of a block; a value of several lines stays in its column.
fn row(out: &mut impl Write, label: &str, style: Style, value: &dyn Display) -> io::Result<()> {
    let value = clean(value);
    writeln!(out, "  {DIM}{label:<15}{DIM:#}{style}{value}{style:#}")
}

/// The outcome in words. The reasons' own names stay in them, since metrics and annotations use the same.
fn outcome(decision: &Decision<'_>) -> String {
    let audit = decision.mode == Mode::Audit;
    match decision.reason {
        Reason::Placed if audit => "would be placed; Audit changes nothing".to_owned(),
        Reason::Unavailable if audit => {
            "unavailable: the architecture alone would be added; Audit changes nothing".to_owned()
        }
        Reason::Unavailable => "unavailable: the architecture alone is added".to_owned(),
        Reason::Placed | Reason::AlreadyPlaced => decision.reason.to_string(),
        reason => format!("left alone: {reason}"),
    }
}

fn style(reason: Reason) -> Style {
    if reason.is_placed() {
        GREEN
    } else if reason.is_amiss() {
        YELLOW
    } else {
        Style::new()
    }
}

/// What a decision adds, one line for each thing.
fn additions(decision: &Decision<'_>) -> Vec<String> {
    let edits = &decision.edits;
    let mut lines = Vec::new();
    lines.extend(
        edits
            .node_selector
            .map(|(label, name)| format!("node selector {label}: {name}")),
    );
    let requirements = &edits.required.requirements;
    let required = [
        (requirements.node_label, &requirements.node_pools),
        ("kubernetes.io/arch", &requirements.architectures),
    ];
    for (key, values) in required.iter().filter(|(_, values)| !values.is_empty()) {
        lines.push(format!("node affinity {key} in {}", values.join(", ")));
    }
    if let Some(preference) = &edits.preferred {
        lines.push(format!(
            "preferred node affinity {} in {}",
            preference.node_label,
            preference.node_pools.join(", ")
        ));
    }
    lines.extend(
        edits
            .tolerations
            .iter()
            .map(|toleration| format!("toleration {}", toleration.0)),
    );
    let labels = edits.labels.iter();
    lines.extend(labels.map(|(key, value)| format!("label {key}: {value}")));
    let annotations = edits.annotations.iter();
    lines.extend(annotations.map(|(key, value)| format!("annotation {key}: {value}")));
    lines
}

fn summary(report: &Report<'_, '_>, out: &mut impl Write) -> io::Result<()> {
    let mut outcomes: BTreeMap<(Reason, Mode), usize> = BTreeMap::new();
    let (mut refused, mut skipped) = (0, 0);
    for entry in &report.entries {
        match &entry.outcome {
            Outcome::Explained(explanation) => {
                let decision = &explanation.decision;
                let audited = matches!(decision.reason, Reason::Placed | Reason::Unavailable);
                let mode = if audited {
                    decision.mode
                } else {
                    Mode::Enforce
                };
                *outcomes.entry((decision.reason, mode)).or_default() += 1;
            }
            Outcome::Refused { .. } => refused += 1,
            Outcome::Skipped => skipped += 1,
        }
    }
    let (mut parts, mut left, mut left_by_reason) = (Vec::new(), 0, Vec::new());
    for ((reason, mode), count) in outcomes {
        match (reason, mode) {
            (Reason::Placed, Mode::Audit) => parts.push(format!("{count} would be placed")),
            (Reason::Unavailable, Mode::Audit) => {
                parts.push(format!("{count} would be unavailable"));
            }
            (Reason::Placed | Reason::AlreadyPlaced | Reason::Unavailable, _) => {
                parts.push(format!("{count} {reason}"));
            }
            _ => {
                left += count;
                left_by_reason.push(format!("{count} {reason}"));
            }
        }
    }
    if left > 0 {
        parts.push(format!("{left} left alone ({})", left_by_reason.join(", ")));
    }
    if refused > 0 {
        parts.push(format!("{RED}{refused} refused{RED:#}"));
    }
    if parts.is_empty() {
        parts.push("no workload found".to_owned());
    }
    if skipped > 0 {
        parts.push(format!("{skipped} of other kinds skipped"));
    }
    writeln!(out, "{}", parts.join(", "))?;
    match assumption(report) {
        Some(note) => writeln!(out, "{DIM}note: {}{DIM:#}", clean(note)),
        None => Ok(()),
    }
}

/// Which namespaces were taken as opted in, if any.
pub(super) fn assumption(report: &Report<'_, '_>) -> Option<String> {
    let names: Vec<&str> = report.assumed.iter().copied().collect();
    let (noun, verb) = if names.len() == 1 {
        ("namespace", "it")
    } else {
        ("namespaces", "them")
    };
    (!names.is_empty()).then(|| {
        format!(
            "{noun} {} taken as opted in: no Namespace in the input says whether {INJECTION_LABEL}=enabled is on {verb}",
            names.join(", ")
        )
    })
}
