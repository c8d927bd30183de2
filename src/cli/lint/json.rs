//! The findings for a program: one document, whose field names stay as they are.

use std::io::{self, Write};

use serde::Serialize;

use super::report::{Found, Report};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportJson<'r> {
    findings: Vec<FoundJson<'r>>,
    /// The number of policies.
    policies: usize,
    /// The number of NodePools.
    node_pools: usize,
    /// False if other node pools may exist, so that berth looked at the policy alone.
    node_pools_known: bool,
}

#[derive(Serialize)]
struct FoundJson<'r> {
    id: &'static str,
    severity: &'static str,
    /// The file, as it was named; `-` for standard input, and null if the object comes from none.
    file: Option<&'r str>,
    /// The line in it, from 1.
    line: Option<usize>,
    /// The kind and the name of the object.
    object: &'r str,
    path: String,
    message: &'r str,
    remedy: &'r str,
}

/// Writes the findings.
pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let findings = report.findings.iter().map(|found| {
        let Found {
            flaw,
            object,
            place,
        } = found;
        FoundJson {
            id: flaw.lint.as_str(),
            severity: flaw.lint.severity().as_str(),
            file: place.as_ref().map(|place| place.file.as_str()),
            line: place.as_ref().and_then(|place| place.line),
            object,
            path: flaw.path.to_string(),
            message: &flaw.message,
            remedy: &flaw.remedy,
        }
    });
    let document = ReportJson {
        findings: findings.collect(),
        policies: report.policies,
        node_pools: report.node_pools,
        node_pools_known: report.is_whole,
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}
