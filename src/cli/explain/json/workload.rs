//! A workload of the document, with the decision on its pods.

use std::io;

use serde::Serialize;
use serde_json::value::RawValue;

use super::capacity::{CapacityJson, capacity};
use super::live::{LiveJson, live};
use super::origin::{OriginJson, origin};
use crate::cli::explain::explanation::Explanation;
use crate::cli::explain::report::Examined;

/// A workload, with the decision on its pods.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkloadJson<'r> {
    #[serde(flatten)]
    origin: OriginJson<'r>,
    /// The controller of its pods, if the server sees only them.
    #[serde(skip_serializing_if = "Option::is_none")]
    controller: Option<String>,
    /// The place of their template in the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<String>,
    reason: &'static str,
    mode: &'static str,
    rule: Option<&'r str>,
    pool: Option<&'r str>,
    /// The side of a split pool; `None` if the pool is not split.
    #[serde(skip_serializing_if = "Option::is_none")]
    capacity: Option<CapacityJson<'r>>,
    node_pools: Vec<&'r str>,
    architectures: &'r [&'r str],
    detail: Option<&'r str>,
    /// The preferences that the placement loses, each as a phrase.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    lost_preferences: &'r [String],
    findings: Vec<FindingJson<'r>>,
    /// The facts about a live object.
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<LiveJson<'r>>,
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

/// Returns a workload.
///
/// # Errors
/// Never: a patch is JSON.
pub(super) fn workload<'r>(
    object: &'r Examined<'_, '_>,
    explanation: &'r Explanation<'_>,
) -> io::Result<WorkloadJson<'r>> {
    let (decision, made) = (&explanation.decision, explanation.made.as_ref());
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
        controller: made.and_then(|made| Some(made.controller?.to_string())),
        template: made.and_then(|made| Some(made.template.as_ref()?.to_string())),
        reason: decision.reason.as_str(),
        mode: decision.mode.as_str(),
        rule: decision.rule.map(|rule| &*rule.name),
        pool: decision.pool.map(|pool| &*pool.name),
        capacity: capacity(explanation),
        node_pools: explanation.node_pools(),
        architectures: &decision.architectures,
        detail: decision.detail.as_deref(),
        lost_preferences: &explanation.lost,
        findings: findings.collect(),
        live: object.live.map(|of| live(of, object, explanation)),
        patch,
        audited_patch,
    })
}
