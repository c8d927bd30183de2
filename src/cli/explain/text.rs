//! The report for a person: a block for each workload, and a summary.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::additions::additions;
use super::closing::close;
use super::examine::Examination;
use super::explanation::{Explanation, Made, why};
use super::hints::of_codes;
use super::live::{Live, Outlook};
use super::outcome::Outcome;
use super::report::{Examined, Fate};
use crate::cli::files::Manifest;
use crate::cli::output::clean;
use crate::cli::paper::Paper;
use crate::cli::terminal::Screen;
use crate::placement::Decision;
use crate::policy::Capacity;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const RED: Style = AnsiColor::Red.on_default();

/// Examines the input, and writes the report for a screen.
pub(super) fn write(
    manifests: &[Manifest],
    examination: &mut Examination<'_>,
    screen: Screen,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut paper = Paper::new(out, screen.columns);
    for manifest in manifests {
        examination.manifest(manifest, &mut |object| block(&object, &mut paper))?;
    }
    let summary = &examination.summary;
    let hints: Vec<String> = of_codes(summary, screen).into_iter().collect();
    close(summary, &hints, &mut paper)
}

fn block(object: &Examined<'_, '_>, paper: &mut Paper<'_, impl Write>) -> io::Result<()> {
    match &object.fate {
        Fate::Explained(explanation) => {
            heading(object, paper)?;
            explained(explanation, paper)?;
            if let Some(live) = object.live {
                let namespace = object.identity.effective_namespace();
                of_live(live, namespace, explanation, paper)?;
            }
        }
        Fate::Unreadable(error) => {
            heading(object, paper)?;
            paper.row("unreadable", RED, error)?;
        }
        Fate::Skipped => return Ok(()),
    }
    paper.line("")
}

fn heading(object: &Examined<'_, '_>, paper: &mut Paper<'_, impl Write>) -> io::Result<()> {
    let (identity, location) = (&object.identity, &object.location);
    if identity.kind.is_empty() {
        return paper.paragraph(&[(clean(location), BOLD)]);
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
    paper.paragraph(&[(name + " ", BOLD), (place, DIM)])
}

fn explained(explanation: &Explanation<'_>, paper: &mut Paper<'_, impl Write>) -> io::Result<()> {
    let (decision, outcome) = (&explanation.decision, Outcome::of(explanation));
    let plain = Style::new();
    if let Some(pods) = explanation.made.as_ref().and_then(pods) {
        paper.row("pods", plain, &pods)?;
    }
    let effect = match outcome {
        Outcome::WouldBePlaced => "; Audit changes nothing",
        _ => "",
    };
    paper.row("outcome", outcome.style(), &format!("{outcome}{effect}"))?;
    if let Some(rule) = decision.rule {
        paper.row("rule", plain, &rule.name)?;
    }
    if let Some(pool) = decision.pool {
        paper.row("pool", plain, &pool.name)?;
    }
    if let Some(capacity) = &explanation.capacity {
        paper.row("capacity", plain, capacity)?;
    }
    let label = match (outcome, &explanation.made) {
        (Outcome::Denied, _) => "would add",
        _ if !explanation.is_enforced() => "would add",
        (_, Some(_)) => "adds to pods",
        (_, None) => "adds",
    };
    match &explanation.division {
        Some(division) if division.all_to.is_none() => {
            for (side, decision) in division.sides(decision) {
                paper.row(side_label(side), plain, &division.positions(side))?;
                placement(decision, label, paper)?;
            }
        }
        _ => placement(decision, label, paper)?,
    }
    rows("gives up", &explanation.lost, paper)?;
    findings(explanation, paper)
}

/// Writes where the pods of a decision go, with all that berth adds, or why they go nowhere.
fn placement(
    decision: &Decision<'_>,
    label: &str,
    paper: &mut Paper<'_, impl Write>,
) -> io::Result<()> {
    let plain = Style::new();
    let node_pools = decision.node_pools.iter();
    let node_pools: Vec<&str> = node_pools.map(|one| &**one.name()).collect();
    if !node_pools.is_empty() {
        paper.row("node pools", plain, &node_pools.join(", "))?;
    }
    if !decision.architectures.is_empty() {
        paper.row("architectures", plain, &decision.architectures.join(", "))?;
    }
    rows(label, &additions(decision), paper)?;
    if let Some(why) = why(decision) {
        paper.row("why", plain, &why)?;
    }
    Ok(())
}

fn side_label(side: Capacity) -> &'static str {
    match side {
        Capacity::OnDemand => "on demand",
        Capacity::Spot => "on spot",
    }
}

/// Writes rows with one label.
fn rows(label: &str, values: &[String], paper: &mut Paper<'_, impl Write>) -> io::Result<()> {
    for (position, value) in values.iter().enumerate() {
        let label = if position == 0 { label } else { "" };
        paper.row(label, Style::new(), value)?;
    }
    Ok(())
}

fn findings(explanation: &Explanation<'_>, paper: &mut Paper<'_, impl Write>) -> io::Result<()> {
    for finding in &explanation.findings {
        let style = if explanation.denies(finding) {
            RED
        } else {
            YELLOW
        };
        let label = explanation.verdict(finding);
        for (position, line) in finding.lines.iter().enumerate() {
            if position == 0 {
                paper.row(label, style, &format!("{}: {line}", finding.check))?;
            } else {
                paper.row("", style, line)?;
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
    paper: &mut Paper<'_, impl Write>,
) -> io::Result<()> {
    let plain = Style::new();
    if let Some(pod) = &live.pod {
        if let Some(place) = pod.place() {
            paper.row("runs on", plain, &place)?;
        }
        if let Some(why) = &pod.waits {
            paper.row("waits", YELLOW, why)?;
        }
        if let Some(why) = &pod.karpenter {
            paper.row("Karpenter", YELLOW, why)?;
        }
        let decision = pod.decision.as_deref();
        let written = decision.unwrap_or("without berth");
        paper.row("as created", plain, &written)?;
    }
    if let Some(pods) = &live.pods {
        paper.row("its pods", plain, &pods.in_words())?;
    }
    let decision = &explanation.decision;
    let Outlook { difference, to_do } = live.outlook(namespace, decision.reason, decision.mode);
    if let Some(difference) = difference {
        paper.row("today", YELLOW, &difference)?;
    }
    rows("to do", &to_do, paper)
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
