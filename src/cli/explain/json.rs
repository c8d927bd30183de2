//! The explanation for a program: one document, whose field names stay as they are.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::value::RawValue;

use super::judge::{Entry, Explanation, Outcome, Report};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'r> {
    workloads: Vec<Workload<'r>>,
    refused: Vec<Refused<'r>>,
    /// How many objects have nothing to do with placement.
    skipped: usize,
    namespaces_assumed_opted_in: &'r BTreeSet<&'r str>,
    /// The mode of the policy as a whole; in Audit, nothing that is found is acted upon.
    policy_mode: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Source<'r> {
    file: &'r str,
    document: Option<usize>,
    line: Option<usize>,
    /// Where in the document the object stands; empty for the document itself.
    path: String,
    api_version: Option<&'r str>,
    kind: Option<&'r str>,
    namespace: Option<&'r str>,
    name: Option<&'r str>,
    generate_name: Option<&'r str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Workload<'r> {
    #[serde(flatten)]
    source: Source<'r>,
    reason: &'static str,
    mode: &'static str,
    rule: Option<&'r str>,
    pool: Option<&'r str>,
    node_pools: Vec<&'r str>,
    architectures: &'r [&'r str],
    detail: Option<&'r str>,
    findings: Vec<Finding<'r>>,
    /// What the server would send; empty where it would send nothing.
    patch: &'r RawValue,
    /// What it would send were it not for Audit.
    audited_patch: &'r RawValue,
}

#[derive(Serialize)]
struct Finding<'r> {
    check: &'static str,
    action: &'static str,
    message: String,
    /// The parts of the message.
    lines: &'r [String],
}

#[derive(Serialize)]
struct Refused<'r> {
    #[serde(flatten)]
    source: Source<'r>,
    field: String,
    message: &'r str,
}

/// Writes the whole report.
pub(super) fn write(report: &Report<'_, '_>, out: &mut impl Write) -> io::Result<()> {
    let mut document = Document {
        workloads: Vec::new(),
        refused: Vec::new(),
        skipped: 0,
        namespaces_assumed_opted_in: &report.assumed,
        policy_mode: report.mode.as_str(),
    };
    for entry in &report.entries {
        match &entry.outcome {
            Outcome::Explained(explanation) => {
                document.workloads.push(workload(entry, explanation)?);
            }
            Outcome::Refused { field, message } => document.refused.push(Refused {
                source: source(entry),
                field: field.to_string(),
                message,
            }),
            Outcome::Skipped => document.skipped += 1,
        }
    }
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn source<'r>(entry: &'r Entry<'_, '_>) -> Source<'r> {
    let (identity, place) = (&entry.identity, &entry.place);
    let known = |text: &'r str| (!text.is_empty()).then_some(text);
    let kind = known(identity.kind);
    Source {
        file: &place.file,
        document: place.document,
        line: place.line,
        path: entry.path.to_string(),
        api_version: known(identity.api_version),
        kind,
        namespace: kind.map(|_| identity.effective_namespace()),
        name: known(identity.name),
        generate_name: known(identity.generate_name),
    }
}

fn workload<'r>(
    entry: &'r Entry<'_, '_>,
    explanation: &'r Explanation<'_>,
) -> io::Result<Workload<'r>> {
    let decision = &explanation.decision;
    let patch: &RawValue = match explanation.patch.as_slice() {
        [] => serde_json::from_str("[]")?,
        patch => serde_json::from_slice(patch)?,
    };
    let (patch, audited_patch) = if explanation.is_enforced() {
        (patch, serde_json::from_str("[]")?)
    } else {
        (serde_json::from_str("[]")?, patch)
    };
    let findings = explanation.findings.iter().map(|finding| Finding {
        check: finding.check.as_str(),
        action: finding.action.as_str(),
        message: finding.message(),
        lines: &finding.lines,
    });
    Ok(Workload {
        source: source(entry),
        reason: decision.reason.as_str(),
        mode: decision.mode.as_str(),
        rule: decision.rule.map(|rule| &*rule.name),
        pool: decision.pool.map(|pool| &*pool.name),
        node_pools: decision
            .node_pools
            .iter()
            .map(|node_pool| &**node_pool.name())
            .collect(),
        architectures: &decision.architectures,
        detail: decision.detail.as_deref(),
        findings: findings.collect(),
        patch,
        audited_patch,
    })
}
