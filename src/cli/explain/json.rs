//! The explanation for a program: one document, whose field names stay as they are.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::value::RawValue;

use super::explanation::Explanation;
use super::report::{Examined, Fate, Report};
use crate::encoding::field::FieldError;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportJson<'r> {
    workloads: Vec<WorkloadJson<'r>>,
    refused: Vec<RefusalJson<'r>>,
    /// The number of objects that have nothing to do with placement.
    skipped: usize,
    namespaces_assumed_opted_in: &'r BTreeSet<&'r str>,
    /// The mode of the policy as a whole. In Audit the server acts on no finding.
    policy_mode: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OriginJson<'r> {
    file: &'r str,
    document: Option<usize>,
    line: Option<usize>,
    /// The path to the object in its document; empty for the document itself.
    path: String,
    api_version: Option<&'r str>,
    kind: Option<&'r str>,
    namespace: Option<&'r str>,
    name: Option<&'r str>,
    generate_name: Option<&'r str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WorkloadJson<'r> {
    #[serde(flatten)]
    origin: OriginJson<'r>,
    reason: &'static str,
    mode: &'static str,
    rule: Option<&'r str>,
    pool: Option<&'r str>,
    node_pools: Vec<&'r str>,
    architectures: &'r [&'r str],
    detail: Option<&'r str>,
    findings: Vec<FindingJson<'r>>,
    /// The patch that the server would send.
    patch: &'r RawValue,
    /// The patch that it would send if it were not for Audit.
    audited_patch: &'r RawValue,
}

#[derive(Serialize)]
struct FindingJson<'r> {
    check: &'static str,
    action: &'static str,
    message: String,
    /// The parts of the message.
    lines: &'r [String],
}

#[derive(Serialize)]
struct RefusalJson<'r> {
    #[serde(flatten)]
    origin: OriginJson<'r>,
    field: String,
    message: &'r str,
}

/// Writes the report.
pub(super) fn write(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut document = ReportJson {
        workloads: Vec::new(),
        refused: Vec::new(),
        skipped: 0,
        namespaces_assumed_opted_in: &report.assumed,
        policy_mode: report.mode.as_str(),
    };
    for object in &report.objects {
        match &object.fate {
            Fate::Explained(explanation) => {
                document.workloads.push(workload(object, explanation)?);
            }
            Fate::Refused(FieldError { path, message }) => document.refused.push(RefusalJson {
                origin: origin(object),
                field: path.to_string(),
                message,
            }),
            Fate::Skipped => document.skipped += 1,
        }
    }
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn origin<'r>(object: &'r Examined<'_>) -> OriginJson<'r> {
    let (identity, location) = (&object.identity, &object.location);
    let known = |text: &'r str| (!text.is_empty()).then_some(text);
    let kind = known(identity.kind);
    OriginJson {
        file: &location.file,
        document: location.document,
        line: location.line,
        path: object.path.to_string(),
        api_version: known(identity.api_version),
        kind,
        namespace: kind.map(|_| identity.effective_namespace()),
        name: known(identity.name),
        generate_name: known(identity.generate_name),
    }
}

fn workload<'r>(
    object: &'r Examined<'_>,
    explanation: &'r Explanation<'_>,
) -> io::Result<WorkloadJson<'r>> {
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
    let findings = explanation.findings.iter().map(|finding| FindingJson {
        check: finding.check.as_str(),
        action: finding.action.as_str(),
        message: finding.message(),
        lines: &finding.lines,
    });
    Ok(WorkloadJson {
        origin: origin(object),
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
