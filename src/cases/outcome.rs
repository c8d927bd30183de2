//! The outcome of a case: what both endpoints of the webhook answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::file::Case;
use crate::admission::review::{self, Envelope, Request};
use crate::admission::{self, Answer, judge};
use crate::encoding::field::FieldError;
use crate::placement::{Counts, Reason, Siblings, Snapshot};
use crate::pod::{Kind, Workload};

/// The outcome of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The reason of the decision.
    pub reason: String,
    /// The name of the rule.
    pub rule: Option<String>,
    /// The name of the pool.
    pub pool: Option<String>,
    /// The side of the pool, if it is split.
    pub capacity: Option<&'static str>,
    /// The node pools of the placement.
    pub node_pools: Vec<String>,
    /// The architectures of the placement.
    pub architectures: Vec<String>,
    /// `Enforce` or `Audit`.
    pub mode: String,
    /// The obstacle.
    pub detail: Option<String>,
    /// The operations of the patch.
    pub patch: Vec<Value>,
    /// The object as it was reviewed.
    pub object: Value,
    /// The object with the patch applied.
    pub patched: Value,
    /// The message of the denial.
    pub denied: Option<String>,
    /// The warnings to the author.
    pub warnings: Vec<String>,
    /// The names of the checks that found something.
    pub findings: Vec<String>,
}

impl Outcome {
    /// Returns the answers to a review of an object. As from the API server, the validating side gets a pod with the patch
    /// applied, unless the case says that the mutating side missed it. It gets a template as it is written: what ships
    /// mutates pods alone.
    ///
    /// # Errors
    /// If the body is no review.
    pub fn of(
        body: &[u8],
        object: &Value,
        snapshot: &Snapshot,
        case: &Case,
    ) -> Result<Self, FieldError> {
        let refused = |error: review::NotAReview| FieldError::new(error.to_string());
        let mutated = admission::mutate(body, snapshot, &|_| siblings(case)).map_err(refused)?;
        let patch = patch(&mutated);
        let patched = patched(object, &patch)?;
        let is_placed_pod = mutated.record.kind == Kind::Pod && !patch.is_empty();
        let second = if is_placed_pod && !case.missed {
            with_object(body, &patched)
        } else {
            body.to_vec()
        };
        let validated = admission::validate(&second, snapshot).map_err(refused)?;
        let Placement {
            node_pools,
            architectures,
            detail,
        } = match mutated.record.reason {
            // The pods of a template may go to both sides of a split.
            Reason::Kind => Placement::default(),
            _ => placement(body, snapshot, case),
        };
        let said = response(&validated);
        let findings = validated.record.findings.iter();
        Ok(Self {
            reason: mutated.record.reason.to_string(),
            rule: mutated.record.rule.map(|rule| rule.to_string()),
            pool: mutated.record.pool.map(|pool| pool.to_string()),
            capacity: mutated
                .record
                .assigned
                .map(|assigned| assigned.side.as_str()),
            node_pools,
            architectures,
            mode: mutated.record.mode.to_string(),
            detail,
            object: object.clone(),
            patched,
            patch,
            denied: said["status"]["message"].as_str().map(str::to_owned),
            warnings: texts(&said["warnings"]),
            findings: findings.map(|found| found.check.to_string()).collect(),
        })
    }
}

/// The part of a decision that the record of a request leaves out.
#[derive(Default)]
struct Placement {
    node_pools: Vec<String>,
    architectures: Vec<String>,
    detail: Option<String>,
}

/// Returns the placement of the object of a review; nothing if there is no decision.
fn placement(body: &[u8], snapshot: &Snapshot, case: &Case) -> Placement {
    let Ok(Envelope {
        uid,
        request: Ok(request),
        ..
    }) = review::read(body)
    else {
        return Placement::default();
    };
    if !creates(&request) {
        return Placement::default();
    }
    let object = request.object.as_ref();
    let Some(workload) = object.and_then(|object| Workload::new(request.kind(), object)) else {
        return Placement::default();
    };
    let namespace = snapshot.namespace(&request.namespace);
    let counts = siblings(case).map_or_else(|| Counts::lot(&uid), Counts::Known);
    let decision = judge(&workload, namespace, snapshot, &counts).decision;
    let node_pools = decision.node_pools.iter();
    let architectures = decision.architectures.iter();
    Placement {
        node_pools: node_pools.map(|pool| pool.name().to_string()).collect(),
        architectures: architectures.map(|&name| name.to_owned()).collect(),
        detail: decision.detail,
    }
}

/// Returns the pods that the controller of a case has. `None` if berth may not see them.
fn siblings(case: &Case) -> Option<Siblings> {
    case.siblings.unwrap_or_default().siblings()
}

fn creates(request: &Request<'_>) -> bool {
    request.operation.as_ref() == "CREATE" && request.sub_resource.is_empty()
}

fn response(answer: &Answer<'_>) -> Value {
    let review: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    review["response"].clone()
}

fn patch(answer: &Answer<'_>) -> Vec<Value> {
    let response = response(answer);
    let patch = STANDARD.decode(response["patch"].as_str().unwrap_or_default());
    let patch = patch
        .ok()
        .and_then(|patch| serde_json::from_slice(&patch).ok());
    patch.unwrap_or_default()
}

/// Applies a patch as the API server does.
fn patched(object: &Value, patch: &[Value]) -> Result<Value, FieldError> {
    let mut patched = object.clone();
    let refused = |error: String| FieldError::new(format!("the patch does not apply: {error}"));
    let patch: json_patch::Patch =
        serde_json::from_value(Value::from(patch)).map_err(|error| refused(error.to_string()))?;
    json_patch::patch(&mut patched, &patch).map_err(|error| refused(error.to_string()))?;
    Ok(patched)
}

/// Returns the body of a review with another object.
fn with_object(body: &[u8], object: &Value) -> Vec<u8> {
    let mut review: Value = serde_json::from_slice(body).unwrap_or_default();
    review["request"]["object"] = object.clone();
    review.to_string().into_bytes()
}

fn texts(list: &Value) -> Vec<String> {
    let texts = list.as_array().into_iter().flatten();
    let texts = texts.filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}
