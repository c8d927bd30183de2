//! The assessment for a program: one document, whose field names stay as they are.

use std::io::{self, Write};

use serde::Serialize;

use super::kill_switch::kill_switch;
use crate::preflight::{Assessment, Fault};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AssessmentJson<'a> {
    findings: Vec<FaultJson<'a>>,
    /// The number of berth's webhooks.
    webhooks: usize,
    /// The number of policies that are not applied yet.
    policies: usize,
    /// The command that takes berth out of the way at once.
    kill_switch: String,
}

#[derive(Serialize)]
struct FaultJson<'a> {
    severity: &'static str,
    object: &'a str,
    webhook: &'a str,
    field: &'a str,
    message: &'a str,
    remedy: &'a str,
}

/// Writes the assessment.
pub(super) fn write(assessment: &Assessment, out: &mut impl Write) -> io::Result<()> {
    let findings = assessment.faults.iter().map(|fault| {
        let Fault {
            severity,
            object,
            webhook,
            field,
            message,
            remedy,
        } = fault;
        FaultJson {
            severity: severity.as_str(),
            object,
            webhook,
            field,
            message,
            remedy,
        }
    });
    let document = AssessmentJson {
        findings: findings.collect(),
        webhooks: assessment.webhooks,
        policies: assessment.policies,
        kill_switch: kill_switch(assessment),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}
