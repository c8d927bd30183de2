//! The explanation for a program: one document, whose field names stay as they are.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use serde::ser::{Error, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::division::Division;
use super::examine::Examination;
use super::explanation::Explanation;
use super::live::{Live, Outlook};
use super::outcome::Outcome;
use super::report::{Examined, Fate, Summary};
use crate::cli::files::{Manifest, Warning};

/// The document. Its workloads are examined as they are written, so they come first and none is kept.
struct ReportJson<'r, 'p> {
    manifests: &'r [Manifest],
    examination: RefCell<&'r mut Examination<'p>>,
    refused: RefCell<Vec<Value>>,
}

/// The workloads of the document.
struct WorkloadsJson<'w, 'r, 'p>(&'w ReportJson<'r, 'p>);

impl Serialize for ReportJson<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_map(None)?;
        document.serialize_entry("workloads", &WorkloadsJson(self))?;
        document.serialize_entry("refused", &*self.refused.borrow())?;
        let examination = self.examination.borrow();
        let summary = &examination.summary;
        // The number of objects that have nothing to do with placement.
        document.serialize_entry("skipped", &summary.skipped)?;
        document.serialize_entry("summary", &SummaryJson::of(summary))?;
        document.serialize_entry("namespacesAssumedOptedIn", &summary.assumed)?;
        let warnings = summary.warnings.iter().map(WarningJson::of);
        document.serialize_entry("warnings", &warnings.collect::<Vec<_>>())?;
        // The mode of the policy as a whole. In Audit the server acts on no finding.
        document.serialize_entry("policyMode", examination.snapshot.policy.mode.as_str())?;
        document.end()
    }
}

impl Serialize for WorkloadsJson<'_, '_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut workloads = serializer.serialize_seq(None)?;
        let mut examination = self.0.examination.borrow_mut();
        for manifest in self.0.manifests {
            let mut written = Ok(());
            let examined = examination.manifest(manifest, &mut |object| {
                match &object.fate {
                    Fate::Explained(explanation) => {
                        written = workloads.serialize_element(&workload(&object, explanation)?);
                    }
                    Fate::Unreadable(error) => {
                        let refusal = serde_json::to_value(RefusalJson {
                            origin: origin(&object),
                            field: error.path.to_string(),
                            message: &error.message,
                        });
                        self.0.refused.borrow_mut().push(refusal?);
                    }
                    Fate::Skipped => {}
                }
                if written.is_ok() {
                    Ok(())
                } else {
                    Err(io::ErrorKind::Other.into())
                }
            });
            written?;
            examined.map_err(S::Error::custom)?;
        }
        workloads.end()
    }
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

/// The side that a pod, or the first pod of a template, goes to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CapacityJson<'r> {
    /// `on-demand` or `spot`.
    side: &'static str,
    /// `label` or `counts`.
    basis: &'static str,
    /// The position among the pods of its controller.
    position: Option<u32>,
    /// The numbers of the split: the pool's, or the workload's own.
    base_capacity: u32,
    percentage_above_base_capacity: u32,
    /// The number of pods that the object asks for on each side.
    #[serde(skip_serializing_if = "Option::is_none")]
    on_demand_pods: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spot_pods: Option<u32>,
    /// The decision for the first pod of a template that goes to the other side.
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<OtherSideJson<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OtherSideJson<'r> {
    side: &'static str,
    position: Option<u32>,
    reason: &'static str,
    node_pools: Vec<&'r str>,
    architectures: &'r [&'r str],
    detail: Option<&'r str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LiveJson<'r> {
    /// The decision that berth wrote on the pod.
    decision: Option<&'r str>,
    node: Option<&'r str>,
    node_labels: BTreeMap<&'r str, &'r str>,
    /// The scheduler's message, while the pod waits.
    waits: Option<&'r str>,
    /// Karpenter's last message, while the pod waits.
    karpenter: Option<&'r str>,
    /// The number of its pods, and of those that berth placed.
    pods: Option<usize>,
    placed_pods: Option<usize>,
    /// The difference between its pods and what berth would make of them today.
    today: Option<String>,
    to_do: Vec<String>,
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

/// The numbers of workloads by outcome, and of other things. Each workload is in one of the first five.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SummaryJson {
    placed: usize,
    already_placed: usize,
    /// The number of those that Audit leaves as they are.
    would_be_placed: usize,
    /// The number of those that are left alone, by reason.
    left_alone: BTreeMap<&'static str, usize>,
    /// The number of those that are denied, by the first check that denies them.
    denied: BTreeMap<&'static str, usize>,
    /// The number of those that would be denied if it were not for Audit.
    would_be_denied: usize,
    /// The number of those that are warned of and neither denied nor would be.
    warned: usize,
    unreadable: usize,
    skipped: usize,
}

impl SummaryJson {
    fn of(summary: &Summary) -> Self {
        let count = |outcome| summary.outcomes.get(&outcome).copied().unwrap_or_default();
        let left_alone = summary.outcomes.iter();
        let left_alone = left_alone.filter_map(|(outcome, count)| match outcome {
            Outcome::LeftAlone(reason) => Some((reason.as_str(), *count)),
            _ => None,
        });
        let denied = summary.denied.iter();
        Self {
            placed: count(Outcome::Placed),
            already_placed: count(Outcome::AlreadyPlaced),
            would_be_placed: count(Outcome::WouldBePlaced),
            left_alone: left_alone.collect(),
            denied: denied
                .map(|(check, count)| (check.as_str(), *count))
                .collect(),
            would_be_denied: summary.audited_denials,
            warned: summary.warned_only(),
            unreadable: summary.unreadable,
            skipped: summary.skipped,
        }
    }
}

#[derive(Serialize)]
struct WarningJson<'r> {
    file: &'r str,
    document: Option<usize>,
    line: Option<usize>,
    message: String,
}

impl<'r> WarningJson<'r> {
    fn of(warning: &'r Warning) -> Self {
        let Warning {
            location,
            fault,
            effect,
        } = warning;
        Self {
            file: &location.file,
            document: location.document,
            line: location.line,
            message: format!("{fault}: {effect}"),
        }
    }
}

/// Examines the input, and writes the report.
pub(super) fn write(
    manifests: &[Manifest],
    examination: &mut Examination<'_>,
    out: &mut impl Write,
) -> io::Result<()> {
    let document = ReportJson {
        manifests,
        examination: RefCell::new(examination),
        refused: RefCell::default(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn origin<'r>(object: &'r Examined<'_, '_>) -> OriginJson<'r> {
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
        live: object.live.map(|live| of_live(live, object, explanation)),
        patch,
        audited_patch,
    })
}

fn capacity<'r>(explanation: &'r Explanation<'_>) -> Option<CapacityJson<'r>> {
    let assigned = explanation.decision.assigned?;
    let division = explanation.division.as_ref();
    let counts = division.and_then(Division::counts);
    let other = division.and_then(|division| {
        let decision = division.other.as_ref()?;
        let node_pools = decision.node_pools.iter();
        decision.assigned.map(|assigned| OtherSideJson {
            side: assigned.side.as_str(),
            position: assigned.position,
            reason: decision.reason.as_str(),
            node_pools: node_pools.map(|one| &**one.name()).collect(),
            architectures: &decision.architectures,
            detail: decision.detail.as_deref(),
        })
    });
    Some(CapacityJson {
        side: assigned.side.as_str(),
        basis: assigned.basis.as_str(),
        position: assigned.position,
        base_capacity: assigned.split.base(),
        percentage_above_base_capacity: assigned.split.percentage(),
        on_demand_pods: counts.map(|(on_demand, _)| on_demand),
        spot_pods: counts.map(|(_, spot)| spot),
        other,
    })
}

fn of_live<'r>(
    live: &'r Live,
    object: &Examined<'_, '_>,
    explanation: &Explanation<'_>,
) -> LiveJson<'r> {
    let decision = &explanation.decision;
    let namespace = object.identity.effective_namespace();
    let Outlook { difference, to_do } = live.outlook(namespace, decision.reason, decision.mode);
    let pod = live.pod.as_ref();
    let labels = pod.into_iter().flat_map(|pod| &pod.node_labels);
    LiveJson {
        decision: pod.and_then(|pod| pod.decision.as_deref()),
        node: pod.and_then(|pod| pod.node.as_deref()),
        node_labels: labels
            .map(|(word, value)| (*word, value.as_str()))
            .collect(),
        waits: pod.and_then(|pod| pod.waits.as_deref()),
        karpenter: pod.and_then(|pod| pod.karpenter.as_deref()),
        pods: live.pods.map(|(_, all)| all),
        placed_pods: live.pods.map(|(placed, _)| placed),
        today: difference,
        to_do,
    }
}
