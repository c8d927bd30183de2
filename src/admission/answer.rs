//! The answer to a request: its body, and the record of the request for metrics and logs.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::judge::Judged;
use super::review::{self, Envelope, NotAReview, Request, Verdict, Version};
use crate::encoding::json::Malformed;
use crate::names::DECISION_ANNOTATION;
use crate::placement::{Assigned, Decision, Owner, Reason};
use crate::pod::{Kind, Namespace, Template};
use crate::policy::Mode;
use crate::validation::Finding;

/// An answer, which is always an HTTP 200.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The answer as an `AdmissionReview`, in JSON.
    pub body: Vec<u8>,
    /// The record of the request.
    pub record: Record<'a>,
}

/// The record of a request, for metrics and logs. From inside the object it takes the name alone.
#[derive(Debug)]
pub struct Record<'a> {
    /// The request's `uid`, by which the API server's logs know it.
    pub uid: Cow<'a, str>,
    /// The namespace that the request names.
    pub namespace: Cow<'a, str>,
    /// The object's name, or the prefix of the name that the API server will give it.
    pub name: Cow<'a, str>,
    /// The object's kind; `Other` if berth cannot read the request.
    pub kind: Kind,
    /// The reason of the decision.
    pub reason: Reason,
    /// `Enforce` if berth carries out the decision, `Audit` if it only reports it.
    pub mode: Mode,
    /// The name of the rule that matches the pods.
    pub rule: Option<Arc<str>>,
    /// The name of the pool that the rule gives.
    pub pool: Option<Arc<str>>,
    /// The side of the pool, if it is split.
    pub assigned: Option<Assigned>,
    /// The `uid` of the controller of which this is a new pod in a split pool. `None` if no pod is to be counted.
    pub counted_for: Option<Box<str>>,
    /// False if berth judged the request without the labels of its namespace.
    pub namespace_known: bool,
    /// The place at which berth could not read the body. `None` if it could.
    pub malformed: Option<Malformed>,
    /// False if a check denies the object.
    pub allowed: bool,
    /// The size of the patch before base64, in bytes; zero for no patch.
    pub patch_bytes: usize,
    /// The findings of the checks of `/validate`.
    pub findings: Vec<Finding>,
}

impl Record<'_> {
    /// Returns the new pod in a split pool, to be counted. `None` if there is none.
    #[must_use]
    pub fn new_pod(&self) -> Option<NewPod<'_>> {
        let owner = Owner {
            namespace: &self.namespace,
            uid: self.counted_for.as_ref()?,
        };
        Some(NewPod {
            owner,
            assigned: self.assigned?,
            mode: self.mode,
        })
    }
}

/// A new pod in a split pool.
#[derive(Debug, Clone, Copy)]
pub struct NewPod<'r> {
    /// The pod's controller.
    pub owner: Owner<'r>,
    /// The side that it got.
    pub assigned: Assigned,
    /// `Audit` if the pod does not show its side, so that no watch finds it.
    pub mode: Mode,
}

/// The conclusion of an endpoint about a request.
pub(super) struct Conclusion<'p> {
    pub(super) decision: Decision<'p>,
    pub(super) verdict: Verdict,
    pub(super) findings: Vec<Finding>,
    pub(super) counted_for: Option<Box<str>>,
    pub(super) namespace_known: bool,
}

impl<'p> Conclusion<'p> {
    /// Returns the conclusion to let an object pass unchanged.
    pub(super) fn leave(reason: Reason) -> Self {
        Self {
            decision: Decision::leave(reason),
            verdict: Verdict::default(),
            findings: Vec::new(),
            counted_for: None,
            namespace_known: true,
        }
    }

    /// Returns the conclusion with the decision alone: no patch, no denial, no warnings.
    pub(super) fn of(judged: Judged<'_, 'p>, namespace: Namespace<'_>) -> Self {
        Self {
            decision: judged.decision,
            namespace_known: namespace.labels.is_some(),
            ..Self::leave(Reason::Placed)
        }
    }
}

/// Answers a review with the conclusion that `conclude` draws from its request.
///
/// # Errors
/// If the body is no review.
pub(super) fn respond<'a, 'p>(
    body: &'a [u8],
    conclude: impl FnOnce(&str, &Request<'a>) -> Result<Conclusion<'p>, Reason>,
) -> Result<Answer<'a>, NotAReview> {
    let Envelope {
        version,
        uid,
        request,
    } = review::read(body)?;
    let malformed = match &request {
        Ok(request) => request.excess,
        Err(malformed) => Some(*malformed),
    };
    let concluded = request.as_ref().map_or(Err(Reason::Malformed), |request| {
        // A bug must not block a pod. The panic hook logs the place of the panic.
        catch_unwind(AssertUnwindSafe(|| conclude(&uid, request)))
            .unwrap_or(Err(Reason::InternalError))
    });
    let conclusion = concluded.unwrap_or_else(Conclusion::leave);
    let body = written(version, &uid, &conclusion);
    let Conclusion {
        decision,
        verdict,
        findings,
        counted_for,
        namespace_known,
    } = conclusion;
    let (kind, namespace, name) = match request {
        Ok(request) => (
            request.kind(),
            request.namespace,
            name(request.name, request.object),
        ),
        Err(_) => (Kind::Other, Cow::default(), Cow::default()),
    };
    let record = Record {
        uid,
        namespace,
        name,
        kind,
        reason: decision.reason,
        mode: decision.mode,
        rule: decision.rule.map(|rule| Arc::clone(&rule.name)),
        pool: decision.pool.map(|pool| Arc::clone(&pool.name)),
        assigned: decision.assigned,
        counted_for,
        namespace_known,
        malformed,
        allowed: verdict.denial.is_none(),
        patch_bytes: verdict.patch.len(),
        findings,
    };
    Ok(Answer { body, record })
}

/// Writes the body of the answer.
fn written(version: Version, uid: &str, conclusion: &Conclusion<'_>) -> Vec<u8> {
    let Conclusion {
        decision, verdict, ..
    } = conclusion;
    let mut audited = None;
    // The audit log gets the decision only with the patch that carries it, so a reinvocation cannot contradict it
    // (R5.5).
    if !verdict.patch.is_empty() {
        let mut annotations = decision.edits.annotations.iter();
        audited = annotations
            .find(|(key, _)| *key == DECISION_ANNOTATION)
            .map(|(_, value)| &**value);
    }
    review::answer(version, uid, verdict, audited)
}

/// Returns the name of the request, the object's name or the prefix of its name, whichever is there first. A pod that a
/// controller makes has no name yet (R1.10).
fn name<'a>(name: Cow<'a, str>, object: Option<Template<'a>>) -> Cow<'a, str> {
    if !name.is_empty() {
        return name;
    }
    let metadata = object
        .and_then(|object| object.metadata)
        .unwrap_or_default();
    if metadata.name.is_empty() {
        metadata.generate_name
    } else {
        metadata.name
    }
}
