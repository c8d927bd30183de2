//! From the bytes of a review to the bytes of its answer, and what happened on the way for metrics and logs.

mod judge;
mod patch;
pub mod review;
mod warning;

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

pub use judge::{Judged, judge};
use review::{Envelope, NotAReview, Request, Verdict, Version, answer, read};
use warning::{bounded, told, warning};

use crate::encoding::json::{Malformed, Reader};
use crate::names::DECISION_ANNOTATION;
use crate::placement::{Decision, Reason, Snapshot};
use crate::pod::{Kind, Namespace, Template, Workload};
use crate::policy::{Action, Mode};
use crate::validation::Finding;

/// An answer: always HTTP 200 with this body.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The body.
    pub body: Vec<u8>,
    /// What happened.
    pub record: Record<'a>,
}

/// What happened to a request, for metrics and logs. Nothing in it comes from inside the object but its name.
#[derive(Debug)]
pub struct Record<'a> {
    /// The request's `uid`.
    pub uid: Cow<'a, str>,
    /// The request's namespace.
    pub namespace: Cow<'a, str>,
    /// The object's name, or the prefix of the one it will get.
    pub name: Cow<'a, str>,
    /// The object's kind.
    pub kind: Kind,
    /// Why.
    pub reason: Reason,
    /// Whether the decision is carried out.
    pub mode: Mode,
    /// The rule that matched.
    pub rule: Option<Arc<str>>,
    /// The pool.
    pub pool: Option<Arc<str>>,
    /// Whether the labels of the namespace were known.
    pub namespace_known: bool,
    /// Where the body could not be read.
    pub malformed: Option<Malformed>,
    /// Whether the object was let through.
    pub allowed: bool,
    /// The size of the patch; zero for none.
    pub patch_bytes: usize,
    /// What the checks of `/validate` found.
    pub findings: Vec<Finding>,
}

/// Answers `POST /mutate`. It never refuses an object: whatever goes wrong once the `uid` is known, the object is let
/// through as it is (R5.6, R5.7).
///
/// # Errors
/// When the body is no review.
pub fn mutate<'a>(body: &'a [u8], snapshot: &Snapshot) -> Result<Answer<'a>, NotAReview> {
    respond(body, |request| mutation(request, snapshot))
}

/// Answers `POST /validate`, without ever a patch.
///
/// # Errors
/// When the body is no review.
pub fn validate<'a>(body: &'a [u8], snapshot: &Snapshot) -> Result<Answer<'a>, NotAReview> {
    respond(body, |request| validation(request, snapshot))
}

/// What an endpoint makes of a request.
struct Outcome<'p> {
    decision: Decision<'p>,
    verdict: Verdict,
    findings: Vec<Finding>,
    namespace_known: bool,
}

impl<'p> Outcome<'p> {
    fn leave(reason: Reason) -> Self {
        Self {
            decision: Decision::leave(reason),
            verdict: Verdict::default(),
            findings: Vec::new(),
            namespace_known: true,
        }
    }

    /// What is known before anything is said about the decision.
    fn of(judged: Judged<'_, 'p>, namespace: Namespace<'_>) -> Self {
        Self {
            decision: judged.decision,
            namespace_known: namespace.labels.is_some(),
            ..Self::leave(Reason::Placed)
        }
    }
}

fn respond<'a, 'p>(
    body: &'a [u8],
    judge: impl FnOnce(&Request<'a>) -> Result<Outcome<'p>, Reason>,
) -> Result<Answer<'a>, NotAReview> {
    let Envelope {
        version,
        uid,
        request,
    } = read(body)?;
    let malformed = request.as_ref().err().copied();
    let judged = request.as_ref().map_or(Err(Reason::Malformed), |request| {
        // A bug must not block a pod: the panic hook has logged where it was.
        catch_unwind(AssertUnwindSafe(|| judge(request))).unwrap_or(Err(Reason::InternalError))
    });
    let outcome = judged.unwrap_or_else(Outcome::leave);
    let body = written(version, &uid, &outcome);
    let Outcome {
        decision,
        verdict,
        findings,
        namespace_known,
    } = outcome;
    let (kind, namespace, name) = match request {
        Ok(request) => (
            kind(&request),
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
        namespace_known,
        malformed,
        allowed: verdict.denial.is_none(),
        patch_bytes: verdict.patch.len(),
        findings,
    };
    Ok(Answer { body, record })
}

fn written(version: Version, uid: &str, outcome: &Outcome<'_>) -> Vec<u8> {
    let annotations = &outcome.decision.edits.annotations;
    let decision = annotations
        .iter()
        .find(|(key, _)| *key == DECISION_ANNOTATION)
        .map(|(_, value)| &**value);
    // Only beside the patch that carries it, so that a reinvocation cannot contradict it (R5.5).
    let decision = decision.filter(|_| !outcome.verdict.patch.is_empty());
    answer(version, uid, &outcome.verdict, decision)
}

fn kind(request: &Request<'_>) -> Kind {
    Kind::new(&request.group, &request.kind)
}

/// Whatever the object can be called: a pod that a controller makes has no name yet (R1.10).
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

fn mutation<'p>(request: &Request<'_>, snapshot: &'p Snapshot) -> Result<Outcome<'p>, Reason> {
    let workload = workload(request)?;
    if request.operation.as_ref() != "CREATE" {
        return Err(Reason::Operation);
    }
    let namespace = snapshot.namespace(&request.namespace);
    let judged = judge(&workload, namespace, snapshot);
    let mut verdict = Verdict::default();
    if judged.decision.mode == Mode::Enforce {
        verdict.patch = judged.patch();
        verdict.warnings = warnings(&judged.decision, &workload);
    }
    Ok(Outcome {
        verdict,
        ..Outcome::of(judged, namespace)
    })
}

/// Returns the workload that the request is about, or why there is none.
fn workload<'a>(request: &'a Request<'_>) -> Result<Workload<'a>, Reason> {
    if !request.sub_resource.is_empty() {
        return Err(Reason::Subresource);
    }
    let kind = kind(request);
    if kind == Kind::Other {
        return Err(Reason::Kind);
    }
    if !matches!(request.operation.as_ref(), "CREATE" | "UPDATE") {
        return Err(Reason::Operation);
    }
    request
        .object
        .as_ref()
        .and_then(|object| Workload::new(kind, object))
        .ok_or(Reason::Malformed)
}

/// Returns what the author of a pod that stays unplaced is told. A controller would be told in vain (R5.4).
fn warnings(decision: &Decision<'_>, workload: &Workload<'_>) -> Vec<String> {
    let has_no_reader = workload.is_pod() && workload.pod.controller.is_some();
    if !decision.reason.concerns_author() || has_no_reader {
        return Vec::new();
    }
    let detail = decision.detail.as_deref();
    let detail = detail.unwrap_or("all terms of its required node affinity are empty");
    vec![warning(&format!("berth: {}: {detail}", decision.reason))]
}

fn validation<'p>(request: &Request<'_>, snapshot: &'p Snapshot) -> Result<Outcome<'p>, Reason> {
    let workload = workload(request)?;
    let metadata = request
        .object
        .as_ref()
        .and_then(|object| object.metadata.as_ref());
    if metadata.is_some_and(|metadata| metadata.being_deleted) {
        return Err(Reason::Operation);
    }
    let namespace = snapshot.namespace(&request.namespace);
    let judged = judge(&workload, namespace, snapshot);
    let mut findings = judged.findings(&request.username, None);
    // Few updates have anything wrong with them, and only then is it worth knowing what was wrong before. An old object
    // that cannot be read is as good as none: everything in the new one is then judged as added.
    if let Some(before) = request.old_object.filter(|_| !findings.is_empty())
        && let Ok(object) = Template::read(&mut Reader::new(before))
        && let Some(old) = Workload::new(workload.kind, &object)
    {
        let old = judge(&old, namespace, snapshot);
        findings = judged.findings(&request.username, Some(&old));
    }
    let mut verdict = Verdict::default();
    if judged.decision.mode == Mode::Enforce {
        verdict.denial = denial(&findings);
        // Nobody reads what is said about what a controller makes: a pod, or the Job of a CronJob.
        let made_by_controller = metadata.is_some_and(|metadata| metadata.controller().is_some());
        if !made_by_controller {
            let warnings = findings
                .iter()
                .filter(|finding| finding.action == Action::Warn);
            verdict.warnings = bounded(warnings.map(told).collect());
        }
    }
    Ok(Outcome {
        verdict,
        findings,
        ..Outcome::of(judged, namespace)
    })
}

/// How long a denial may be: enough for whoever has to act on it, and no more than a status is meant to hold.
const DENIAL_BYTES: usize = 1024;

/// The message of a denial, where a check denies.
fn denial(findings: &[Finding]) -> Option<String> {
    let denying = findings
        .iter()
        .filter(|finding| finding.action == Action::Deny);
    let messages: Vec<String> = denying
        .map(|finding| format!("{}: {}", finding.check, finding.message()))
        .collect();
    let mut message = messages.join("; ");
    if message.len() > DENIAL_BYTES {
        let end = message.floor_char_boundary(DENIAL_BYTES - 3);
        message.truncate(end);
        message.push_str("...");
    }
    (!messages.is_empty()).then_some(message)
}
