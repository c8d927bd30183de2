//! The report for a person: a block for each workload, and a summary.

use std::fmt::Display;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::examine::Examination;
use super::explanation::{Explanation, Made};
use super::live::{Live, Outlook};
use super::report::{Examined, Fate};
use super::summary::summary;
use crate::cli::files::Manifest;
use crate::cli::output::clean;
use crate::label::ARCH;
use crate::placement::{Decision, Reason};
use crate::policy::{Action, Mode};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const RED: Style = AnsiColor::Red.on_default();

/// Examines the input, and writes the report.
pub(super) fn write(
    manifests: &[Manifest],
    examination: &mut Examination<'_>,
    out: &mut impl Write,
) -> io::Result<()> {
    for manifest in manifests {
        examination.manifest(manifest, &mut |object| block(&object, out))?;
    }
    writeln!(out, "{}", summary(&examination.summary))?;
    for warning in &examination.summary.warnings {
        writeln!(out, "{YELLOW}warning: {}{YELLOW:#}", clean(warning))?;
    }
    match examination.summary.assumption() {
        Some(note) => writeln!(out, "{DIM}note: {}{DIM:#}", clean(note)),
        None => Ok(()),
    }
}

fn block(object: &Examined<'_, '_>, out: &mut impl Write) -> io::Result<()> {
    match &object.fate {
        Fate::Explained(explanation) => {
            heading(object, out)?;
            explained(explanation, out)?;
            if let Some(live) = object.live {
                of_live(
                    live,
                    object.identity.effective_namespace(),
                    explanation,
                    out,
                )?;
            }
        }
        Fate::Refused(error) => {
            heading(object, out)?;
            row(out, "refused", RED, error)?;
        }
        Fate::Skipped => return Ok(()),
    }
    writeln!(out)
}

fn heading(object: &Examined<'_, '_>, out: &mut impl Write) -> io::Result<()> {
    let (identity, location) = (&object.identity, &object.location);
    if identity.kind.is_empty() {
        return writeln!(out, "{BOLD}{}{BOLD:#}", clean(location));
    }
    let name = clean(format!("{} {}", identity.kind, identity.display_name()));
    let item = if object.path.is_root() {
        String::new()
    } else {
        format!(" {}", object.path)
    };
    let place = clean(format!(
        "namespace {}, {location}{item}",
        identity.effective_namespace()
    ));
    writeln!(out, "{BOLD}{name}{BOLD:#}  {DIM}{place}{DIM:#}")
}

fn explained(explanation: &Explanation<'_>, out: &mut impl Write) -> io::Result<()> {
    let decision = &explanation.decision;
    if let Some(made) = &explanation.made
        && let Some(pods) = pods(made)
    {
        row(out, "pods", Style::new(), &pods)?;
    }
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
    let label = match (explanation.is_enforced(), &explanation.made) {
        (true, None) => "adds",
        (true, Some(_)) => "adds to pods",
        (false, _) => "would add",
    };
    for (position, addition) in additions(decision).iter().enumerate() {
        let label = if position == 0 { label } else { "" };
        row(out, label, Style::new(), addition)?;
    }
    for (position, preference) in explanation.lost.iter().enumerate() {
        let label = if position == 0 { "gives up" } else { "" };
        row(out, label, Style::new(), preference)?;
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
        let label = explanation.verdict(finding);
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

/// Says where a live pod runs or why it waits, and how berth would decide today.
fn of_live(
    live: &Live,
    namespace: &str,
    explanation: &Explanation<'_>,
    out: &mut impl Write,
) -> io::Result<()> {
    let plain = Style::new();
    if let Some(pod) = &live.pod {
        if let Some(place) = pod.place() {
            row(out, "runs on", plain, &place)?;
        }
        if let Some(why) = &pod.waits {
            row(out, "waits", YELLOW, why)?;
        }
        if let Some(why) = &pod.karpenter {
            row(out, "Karpenter", YELLOW, why)?;
        }
        let decision = pod.decision.as_deref();
        let written = decision.unwrap_or("without berth");
        row(out, "as created", plain, &written)?;
    }
    if let Some((placed, all)) = live.pods {
        let text = format!("{all}, {placed} of them placed by berth");
        row(out, "its pods", plain, &text)?;
    }
    let decision = &explanation.decision;
    let Outlook { difference, to_do } = live.outlook(namespace, decision.reason, decision.mode);
    if let Some(difference) = difference {
        row(out, "today", YELLOW, &difference)?;
    }
    for (position, command) in to_do.iter().enumerate() {
        let label = if position == 0 { "to do" } else { "" };
        row(out, label, plain, command)?;
    }
    Ok(())
}

/// Says where the pods come from, if the server sees them and not the object.
fn pods(made: &Made) -> Option<String> {
    let template = made.template.as_ref()?;
    let mut text = "decided as they are created".to_owned();
    if !template.is_root() {
        text = format!("{text}, from {template}");
    }
    if let Some(controller) = made.controller {
        text = format!("{text}, controller {controller}");
    }
    Some(text)
}

/// Writes a row of a block.
fn row(out: &mut impl Write, label: &str, style: Style, value: &dyn Display) -> io::Result<()> {
    let value = clean(value);
    writeln!(out, "  {DIM}{label:<15}{DIM:#}{style}{value}{style:#}")
}

/// Returns the outcome in words, the reason's own name among them, since metrics and annotations use it.
fn outcome(decision: &Decision<'_>) -> String {
    let audit = decision.mode == Mode::Audit;
    match decision.reason {
        Reason::Placed if audit => "would be placed; Audit changes nothing".to_owned(),
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

/// Returns a line for each thing that a decision adds.
fn additions(decision: &Decision<'_>) -> Vec<String> {
    let edits = &decision.edits;
    let mut lines = Vec::new();
    lines.extend(
        edits
            .node_selector
            .map(|(label, name)| format!("node selector {label}: {name}")),
    );
    if let Some(requirements) = edits.required.requirements() {
        let required = [
            (requirements.node_label, &requirements.node_pools),
            (ARCH, &requirements.architectures),
        ];
        for (key, values) in required.iter().filter(|(_, values)| !values.is_empty()) {
            lines.push(format!("node affinity {key} in {}", values.join(", ")));
        }
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
