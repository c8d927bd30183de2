//! The explanation of one workload: the server's own decision for it, with its patch and its findings.

use serde_json::Value;

use crate::admission::judge;
use crate::encoding::json::Reader;
use crate::placement::{Decision, Reason, Snapshot};
use crate::pod::{Kind, Template, Workload};
use crate::policy::{Action, Mode};
use crate::validation::Finding;

/// The decision for the pods of an object, and what follows from it.
#[derive(Debug)]
pub(super) struct Explanation<'p> {
    pub(super) decision: Decision<'p>,
    /// The JSON Patch that carries it out, in Audit too.
    pub(super) patch: Vec<u8>,
    /// The object with the patch applied; `None` if the server would leave it as it is.
    pub(super) patched: Option<Value>,
    /// The findings of the validating side.
    pub(super) findings: Vec<Finding>,
}

impl<'p> Explanation<'p> {
    /// Decides for the pods of an object, as the server does. No exemption by user applies: a person asks.
    pub(super) fn of(
        kind: Kind,
        object: &Value,
        namespace: &str,
        snapshot: &'p Snapshot,
    ) -> Result<Self, String> {
        let namespace = snapshot.namespace(namespace);
        with_workload(kind, object, |workload| {
            let judged = judge(workload, namespace, snapshot);
            let patch = judged.patch();
            let patched = match judged.decision.mode {
                Mode::Enforce if !patch.is_empty() => Some(apply(&patch, object)?),
                Mode::Enforce | Mode::Audit => None,
            };
            let findings = match &patched {
                // The validating side sees a pod after the mutating side has changed it.
                Some(patched) if workload.is_pod() => with_workload(kind, patched, |workload| {
                    Ok(judge(workload, namespace, snapshot).findings("", None))
                })?,
                _ => judged.findings("", None),
            };
            Ok(Self {
                decision: judged.decision,
                patch,
                patched,
                findings,
            })
        })
    }

    /// Explains an object that is left alone without a look at its pods.
    pub(super) fn left_alone(reason: Reason, detail: Option<String>) -> Self {
        Self {
            decision: Decision {
                detail,
                ..Decision::leave(reason)
            },
            patch: Vec::new(),
            patched: None,
            findings: Vec::new(),
        }
    }

    /// True if the server would carry the decision out.
    pub(super) fn is_enforced(&self) -> bool {
        self.decision.mode == Mode::Enforce
    }

    /// Returns what the server does about a finding. In Audit it only counts it.
    pub(super) fn verdict(&self, finding: &Finding) -> &'static str {
        match (finding.action, self.decision.mode) {
            (Action::Deny, Mode::Enforce) => "denied",
            (Action::Deny, Mode::Audit) => "would deny",
            (_, Mode::Enforce) => "warning",
            (_, Mode::Audit) => "would warn",
        }
    }
}

/// Reads an object as a workload, as the server reads it from a request.
fn with_workload<T>(
    kind: Kind,
    object: &Value,
    then: impl FnOnce(&Workload<'_>) -> Result<T, String>,
) -> Result<T, String> {
    let bytes = serde_json::to_string(object).map_err(|error| error.to_string())?;
    let template = Template::read(&mut Reader::new(&bytes)).map_err(|error| error.to_string())?;
    let workload = Workload::new(kind, &template);
    then(&workload.ok_or("it has no spec that would describe its pods")?)
}

fn apply(patch: &[u8], object: &Value) -> Result<Value, String> {
    let operations: Vec<json_patch::PatchOperation> =
        serde_json::from_slice(patch).map_err(|error| error.to_string())?;
    let mut patched = object.clone();
    json_patch::patch(&mut patched, &operations).map_err(|error| error.to_string())?;
    Ok(patched)
}
