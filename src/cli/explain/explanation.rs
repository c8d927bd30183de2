//! The explanation of one workload: the server's own decision for it, with its patch and its findings.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::both_sides::BothSides;
use super::division::{Division, pods_of, rule_of};
use super::makers::{LabelsOf, Maker};
use super::templates::TemplateAt;
use crate::admission::judge;
use crate::encoding::field::{FieldPath, Segment};
use crate::encoding::json::Reader;
use crate::placement::{Basis, Counts, Decision, Reason, Snapshot};
use crate::pod::{Controller, Kind, Template, Workload};
use crate::policy::{Action, Mode};
use crate::validation::Finding;

/// The decision for the pods of an object, and what follows from it.
#[derive(Debug)]
pub(in crate::cli) struct Explanation<'p> {
    /// The decision. Of pods that go to both sides of a split pool, it is that for the first.
    pub(in crate::cli) decision: Decision<'p>,
    /// The side of a split pool in words, or the division of the pods between both.
    pub(super) capacity: Option<String>,
    /// The division of pods that go to both sides of a split pool.
    pub(in crate::cli) division: Option<Division<'p>>,
    /// The division of the pods of its controller, if the object is one of them.
    pub(in crate::cli) siblings: Option<Division<'p>>,
    /// The template of the pods, if the server sees only them and never the object.
    pub(super) made: Option<Made>,
    /// The JSON Patch that carries the decision out, in Audit too; empty if the server never sees the object.
    pub(super) patch: Vec<u8>,
    /// The object with the patch applied; `None` if the server would leave it as it is.
    pub(super) patched: Option<Value>,
    /// The preferences that the placement loses, each as a phrase.
    pub(super) lost: Vec<String>,
    /// The findings of the validating side.
    pub(in crate::cli) findings: Vec<Finding>,
}

/// The origin of pods that the server sees as they are created.
#[derive(Debug)]
pub(super) struct Made {
    /// The place of their template in the object; `None` if it does not stand there.
    pub(super) template: Option<FieldPath>,
    /// Their controller; `None` if they have none, or berth does not know it.
    pub(super) controller: Option<Controller<'static>>,
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
        let created = as_created(kind, object);
        let runs = matches!(created, Cow::Owned(_));
        with_workload(kind, &created, |workload| {
            let judged = BothSides::of(workload, namespace, snapshot);
            if !workload.is_pod()
                && let Some(division) = judged.division(pods_of(object))
            {
                let (made, findings) = (template_of(workload), judged.findings());
                return Ok(Self::of_both(&judged, division, made, findings));
            }
            let siblings = workload.pod.controller.and_then(|_| judged.division(None));
            let BothSides { first, .. } = judged;
            let patch = first.patch();
            let patched = match first.decision.mode {
                Mode::Enforce if !patch.is_empty() => Some(apply(&patch, object)?),
                Mode::Enforce | Mode::Audit => None,
            };
            let findings = match &patched {
                // The validating side judges what a request adds. Nobody adds anything to a pod by dumping it.
                _ if runs => Vec::new(),
                // It sees a pod after the mutating side has changed it.
                Some(patched) if workload.is_pod() => with_workload(kind, patched, |workload| {
                    Ok(judge(workload, namespace, snapshot, &Counts::default()).findings("", None))
                })?,
                _ => first.findings("", None),
            };
            Ok(Self {
                capacity: side_in_words(&first.decision, workload.pod.controller.is_some()),
                division: None,
                siblings,
                lost: first.lost_preferences(),
                decision: first.decision,
                made: None,
                patch,
                patched,
                findings,
            })
        })
    }

    /// Decides for the pods that a kind makes from a template, as the server does when they are created.
    pub(super) fn of_template(
        maker: &Maker,
        object: &Value,
        template: TemplateAt,
        namespace: &str,
        snapshot: &'p Snapshot,
    ) -> Result<Self, String> {
        let namespace = snapshot.namespace(namespace);
        let prefix = if template.path.is_root() {
            String::new()
        } else {
            format!("{}.", template.path)
        };
        let around = match maker.labels {
            LabelsOf::Template if !template.path.is_root() => object.get("metadata"),
            LabelsOf::Template | LabelsOf::Object => None,
        };
        let around = json!({ "metadata": around }).to_string();
        let around = read(&around)?;
        let text = template.value.to_string();
        let pods = read(&text)?;
        let workload =
            Workload::of_template(&pods, &prefix, maker.controller, around.metadata.as_ref());
        let workload = workload.ok_or(NO_SPEC)?;
        let judged = BothSides::of(&workload, namespace, snapshot);
        let findings = if has_controller(object) {
            // They are its controller's: a Deployment has ReplicaSets of long ago.
            Vec::new()
        } else {
            judged.findings()
        };
        // Of several templates, none gets the object's own number of pods.
        let pods = (prefix == "spec.template.").then(|| pods_of(object));
        let made = Made {
            template: Some(template.path),
            controller: maker.controller,
        };
        if let Some(division) = judged.division(pods.flatten()) {
            return Ok(Self::of_both(&judged, division, made, findings));
        }
        let BothSides { first, .. } = judged;
        Ok(Self {
            findings,
            capacity: side_in_words(&first.decision, maker.controller.is_some()),
            division: None,
            siblings: None,
            lost: first.lost_preferences(),
            decision: first.decision,
            made: Some(made),
            patch: Vec::new(),
            patched: None,
        })
    }

    /// Explains a template whose pods the server divides as they are created. It changes none of the template.
    fn of_both(
        judged: &BothSides<'_, 'p>,
        division: Division<'p>,
        made: Made,
        findings: Vec<Finding>,
    ) -> Self {
        Self {
            capacity: Some(division.in_words()),
            division: Some(division),
            siblings: None,
            lost: judged.lost_preferences(),
            decision: judged.first.decision.clone(),
            made: Some(made),
            patch: Vec::new(),
            patched: None,
            findings,
        }
    }

    /// Explains an object whose pods do not stand in it.
    pub(super) fn without_template(maker: &Maker) -> Self {
        let owner = match maker.controller {
            Some(controller) => format!("the controller {controller}"),
            None => "their owner".to_owned(),
        };
        let detail = format!(
            "berth does not change this kind; the pods it creates are placed when they are created, and their spec is \
             not in this object; to try a rule, explain a Pod with {owner}"
        );
        Self {
            made: Some(Made {
                template: None,
                controller: maker.controller,
            }),
            ..Self::left_alone(Reason::Kind, Some(detail))
        }
    }

    /// Explains an object that is left alone without a look at its pods.
    pub(super) fn left_alone(reason: Reason, detail: Option<String>) -> Self {
        Self {
            decision: Decision {
                detail,
                ..Decision::leave(reason)
            },
            capacity: None,
            division: None,
            siblings: None,
            made: None,
            patch: Vec::new(),
            patched: None,
            lost: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// True if the server would carry the decision out.
    pub(in crate::cli) fn is_enforced(&self) -> bool {
        self.decision.mode == Mode::Enforce
    }

    /// Returns the names of the node pools.
    pub(in crate::cli) fn node_pools(&self) -> Vec<&'p str> {
        let node_pools = self.decision.node_pools.iter();
        node_pools.map(|node_pool| &**node_pool.name()).collect()
    }

    /// Returns the findings for which the server refuses the object. In Audit there are none.
    pub(super) fn denials(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| self.denies(finding))
    }

    /// True if the server refuses the object because of a finding.
    pub(super) fn denies(&self, finding: &Finding) -> bool {
        finding.action == Action::Deny && self.is_enforced()
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

/// Returns why a decision is as it is, in words; `None` if there is nothing to explain.
pub(in crate::cli) fn why<'d>(decision: &'d Decision<'_>) -> Option<&'d str> {
    decision.detail.as_deref().or(decision.reason.sentence())
}

/// Returns the origin of the pods of a kind that the server reads.
fn template_of(workload: &Workload<'_>) -> Made {
    let place = workload.place.pointer.split('/').skip(1);
    let steps = place.map(|step| Segment::Key(step.to_owned()));
    Made {
        template: Some(FieldPath(steps.collect())),
        controller: workload.kind.controller(),
    }
}

/// Returns the side of a pod in words; `None` if its pool is not split.
fn side_in_words(decision: &Decision<'_>, has_controller: bool) -> Option<String> {
    let assigned = decision.assigned?;
    let (side, rule) = (assigned.side, rule_of(assigned.split));
    Some(match assigned.basis {
        Basis::Label => format!("{side}, by its label"),
        Basis::Counts | Basis::Lot if has_controller => {
            format!("{side}, as the first pod of its controller; {rule}")
        }
        Basis::Counts | Basis::Lot => format!("{side}, as a pod without a controller; {rule}"),
    })
}

const NO_SPEC: &str = "it has no spec that would describe its pods";

/// Returns a pod as it was created, in a copy if it runs. In a dump of a cluster, the status says that the pod has been
/// scheduled, and then its `nodeName` is the scheduler's and not its author's.
fn as_created(kind: Kind, object: &Value) -> Cow<'_, Value> {
    let is_scheduled = || {
        let conditions = object.pointer("/status/conditions")?.as_array()?;
        let scheduled = conditions
            .iter()
            .find(|condition| condition["type"] == "PodScheduled")?;
        Some(scheduled["status"] == "True")
    };
    if kind != Kind::Pod || is_scheduled() != Some(true) {
        return Cow::Borrowed(object);
    }
    let mut created = object.clone();
    if let Some(spec) = created.get_mut("spec").and_then(Value::as_object_mut) {
        spec.shift_remove("nodeName");
    }
    Cow::Owned(created)
}

/// True if a controller made the object.
pub(in crate::cli) fn has_controller(object: &Value) -> bool {
    let owners = object.pointer("/metadata/ownerReferences");
    let mut owners = owners.and_then(Value::as_array).into_iter().flatten();
    owners.any(|owner| owner["controller"] == true)
}

/// Reads an object as a workload, as the server reads it from a request.
fn with_workload<T>(
    kind: Kind,
    object: &Value,
    then: impl FnOnce(&Workload<'_>) -> Result<T, String>,
) -> Result<T, String> {
    let text = object.to_string();
    let template = read(&text)?;
    then(&Workload::new(kind, &template).ok_or(NO_SPEC)?)
}

fn read(text: &str) -> Result<Template<'_>, String> {
    Template::read(&mut Reader::new(text)).map_err(|error| error.to_string())
}

/// Returns an object with a JSON Patch applied.
pub(super) fn apply(patch: &[u8], object: &Value) -> Result<Value, String> {
    let operations: Vec<json_patch::PatchOperation> =
        serde_json::from_slice(patch).map_err(|error| error.to_string())?;
    let mut patched = object.clone();
    json_patch::patch(&mut patched, &operations).map_err(|error| error.to_string())?;
    Ok(patched)
}
