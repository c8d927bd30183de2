//! What the server would do with an object: the same functions, the same bytes.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::decode::decode;
use super::role::Role;
use crate::admission::judge as judge_workload;
use crate::cli::input::{Document, Place};
use crate::cli::object::{Found, Identity, Object, objects};
use crate::cli::parse;
use crate::cli::path::FieldPath;
use crate::encoding::json::Reader;
use crate::placement::{Decision, Reason, Snapshot};
use crate::pod::{Kind, NamespaceLabels, Template, Workload};
use crate::policy::Mode;
use crate::validation::Finding;

/// Everything there is to say about the input.
#[derive(Debug)]
pub(super) struct Report<'d, 'p> {
    /// The documents, in the input's order.
    pub(super) documents: &'d [Document],
    /// What became of their objects, in the same order.
    pub(super) entries: Vec<Entry<'d, 'p>>,
    /// The namespaces that were taken as opted in for want of a document that says so.
    pub(super) assumed: BTreeSet<&'d str>,
    /// The mode of the policy as a whole.
    pub(super) mode: Mode,
}

/// What became of one object.
#[derive(Debug)]
pub(super) struct Entry<'d, 'p> {
    /// The position of its document.
    pub(super) document: usize,
    /// Where it stands.
    pub(super) place: Place,
    /// Where in its document.
    pub(super) path: FieldPath,
    /// What it is called, as far as that is known.
    pub(super) identity: Identity<'d>,
    /// What became of it.
    pub(super) outcome: Outcome<'p>,
}

impl Entry<'_, '_> {
    /// What the object is refused for: its field and the reason; empty where it is not.
    pub(super) fn refusal(&self) -> String {
        match &self.outcome {
            Outcome::Refused { field, message } if field.0.is_empty() => message.clone(),
            Outcome::Refused { field, message } => format!("{field}: {message}"),
            Outcome::Explained(_) | Outcome::Skipped => String::new(),
        }
    }
}

/// What became of an object.
#[derive(Debug)]
pub(super) enum Outcome<'p> {
    /// It makes pods, and this is what berth decides for them.
    Explained(Box<Explanation<'p>>),
    /// The API server would refuse it, or it is no object at all.
    Refused {
        /// The field that is wrong; empty where it is the whole.
        field: FieldPath,
        /// What is wrong with it.
        message: String,
    },
    /// It has nothing to do with placement.
    Skipped,
}

/// What berth decides for the pods of an object.
#[derive(Debug)]
pub(super) struct Explanation<'p> {
    /// The decision.
    pub(super) decision: Decision<'p>,
    /// The JSON Patch that carries it out, or that would if it were not for Audit.
    pub(super) patch: Vec<u8>,
    /// The object with the patch applied; nothing where the server would leave it as it is.
    pub(super) patched: Option<Value>,
    /// What the validating side finds.
    pub(super) findings: Vec<Finding>,
}

impl Explanation<'_> {
    /// Whether the decision is carried out.
    pub(super) fn is_enforced(&self) -> bool {
        self.decision.mode == Mode::Enforce
    }
}

/// Judges every object of the input. The namespaces in it count wherever they stand, so they are read first.
pub(super) fn judge<'d, 'p>(
    documents: &'d [Document],
    snapshot: &'p mut Snapshot,
) -> Report<'d, 'p> {
    let found: Vec<_> = documents
        .iter()
        .map(|document| document.value.as_ref().map(objects))
        .collect();
    let namespaces = Arc::make_mut(&mut snapshot.namespaces);
    for found in found.iter().flatten().flatten() {
        let Found::Object(object) = found else {
            continue;
        };
        if object.role() != Role::Namespace {
            continue;
        }
        if decode("", "Namespace", object.value).is_ok() {
            namespaces.insert(object.identity.name.into(), Arc::new(labels(object)));
        }
    }
    let snapshot = &*snapshot;
    let (mut entries, mut assumed) = (Vec::new(), BTreeSet::new());
    let mut lines = LINES;
    for (position, (document, objects)) in documents.iter().zip(found).enumerate() {
        let mut entry = |path, identity, outcome| Entry {
            document: position,
            place: place(document, &outcome, &mut lines),
            path,
            identity,
            outcome,
        };
        let objects = match objects {
            Ok(objects) => objects,
            Err(message) => {
                let outcome = refused(FieldPath::default(), message.clone());
                entries.push(entry(FieldPath::default(), Identity::default(), outcome));
                continue;
            }
        };
        for object in objects {
            match object {
                Found::Object(object) => {
                    let outcome = outcome(&object, snapshot);
                    if assumes(&object, &outcome, snapshot) {
                        assumed.insert(object.identity.effective_namespace());
                    }
                    entries.push(entry(object.path, object.identity, outcome));
                }
                Found::Misfit {
                    identity,
                    field,
                    message,
                } => {
                    let outcome = refused(field, message.to_owned());
                    entries.push(entry(FieldPath::default(), identity, outcome));
                }
            }
        }
    }
    Report {
        documents,
        entries,
        assumed,
        mode: snapshot.policy.mode,
    }
}

/// The labels of a namespace, with the one that every API server adds.
fn labels(object: &Object<'_>) -> NamespaceLabels {
    let name = object.identity.name;
    let written = object.value.pointer("/metadata/labels");
    let written = written.and_then(Value::as_object).into_iter().flatten();
    written
        .map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default()))
        .chain([("kubernetes.io/metadata.name", name)])
        .collect()
}

/// Whether the outcome rests on a namespace that the input says nothing of.
fn assumes(object: &Object<'_>, outcome: &Outcome<'_>, snapshot: &Snapshot) -> bool {
    let decided = matches!(object.role(), Role::Placed(_))
        && matches!(outcome, Outcome::Explained(explanation) if explanation.decision.reason != Reason::Namespace);
    decided
        && !snapshot
            .namespaces
            .contains_key(object.identity.effective_namespace())
}

fn refused(field: FieldPath, message: String) -> Outcome<'static> {
    Outcome::Refused { field, message }
}

/// How much text is searched for the lines of fields: each search reads its document anew.
const LINES: usize = 16 * 1024 * 1024;

/// The place of the document, or of the field that the object is refused for.
fn place(document: &Document, outcome: &Outcome<'_>, lines: &mut usize) -> Place {
    let mut place = document.place.clone();
    if let Outcome::Refused { field, .. } = outcome
        && document.value.is_ok()
        && document.text.len() <= *lines
    {
        *lines -= document.text.len();
        if let Some(line) = parse::line_of(&document.text, field) {
            place.line = Some(document.start + line - 1);
        }
    }
    place
}

fn outcome<'p>(object: &Object<'_>, snapshot: &'p Snapshot) -> Outcome<'p> {
    let Identity { kind, .. } = object.identity;
    if let Err(error) = decode(object.identity.group(), kind, object.value) {
        let (FieldPath(inner), message) = error.into_parts();
        let FieldPath(mut field) = object.path.clone();
        field.extend(inner);
        return refused(FieldPath(field), message);
    }
    let leave = |reason, detail: Option<String>| {
        Outcome::Explained(Box::new(Explanation {
            decision: Decision {
                detail,
                ..Decision::leave(reason)
            },
            patch: Vec::new(),
            patched: None,
            findings: Vec::new(),
        }))
    };
    match object.role() {
        Role::Placed(kind) => match explain(kind, object, snapshot) {
            Ok(explanation) => Outcome::Explained(Box::new(explanation)),
            Err(message) => leave(Reason::Malformed, Some(message)),
        },
        Role::Left(reason) => leave(reason, None),
        Role::Namespace | Role::Unconcerned => Outcome::Skipped,
    }
}

/// Decides for the pods of an object, as the server does. It is a person who asks, so no exemption by user applies.
fn explain<'p>(
    kind: Kind,
    object: &Object<'_>,
    snapshot: &'p Snapshot,
) -> Result<Explanation<'p>, String> {
    let namespace = snapshot.namespace(object.identity.effective_namespace());
    with_workload(kind, object.value, |workload| {
        let judged = judge_workload(workload, namespace, snapshot);
        let patch = judged.patch();
        let patched = match judged.decision.mode {
            Mode::Enforce if !patch.is_empty() => Some(patched(object.value, &patch)?),
            Mode::Enforce | Mode::Audit => None,
        };
        let findings = match &patched {
            // The validating side sees a pod after the mutating side has changed it.
            Some(patched) if workload.is_pod() => with_workload(kind, patched, |workload| {
                Ok(judge_workload(workload, namespace, snapshot).findings("", None))
            })?,
            _ => judged.findings("", None),
        };
        Ok(Explanation {
            decision: judged.decision,
            patch,
            patched,
            findings,
        })
    })
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

fn patched(object: &Value, patch: &[u8]) -> Result<Value, String> {
    let operations: Vec<json_patch::PatchOperation> =
        serde_json::from_slice(patch).map_err(|error| error.to_string())?;
    let mut patched = object.clone();
    json_patch::patch(&mut patched, &operations).map_err(|error| error.to_string())?;
    Ok(patched)
}
