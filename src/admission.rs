//! Admission: the bytes of a review in, the bytes of its answer out, with a record of the request for metrics and logs.

mod answer;
mod denial;
mod excess;
mod judge;
mod namespaces;
mod patch;
mod policies;
pub mod review;
mod warning;

pub use answer::{Answer, NewPod, Record};
pub use judge::{Judged, each_once, judge};

use answer::{Conclusion, respond};
use review::{NotAReview, Request, Verdict};

use crate::encoding::json::Reader;
use crate::placement::{Counts, Owner, Reason, Siblings, Snapshot};
use crate::pod::{Kind, Template, Workload};
use crate::policy::{Action, Mode};
use crate::validation::{Check, Finding};

/// The pods that a controller has already. `None` if they are unknown.
pub type SiblingsOf<'c> = dyn Fn(Owner<'_>) -> Option<Siblings> + 'c;

/// Answers `POST /mutate`. It never denies an object: if anything goes wrong once the `uid` is known, the object passes
/// unchanged (R5.6, R5.7).
///
/// # Errors
/// If the body is no review.
pub fn mutate<'a>(
    body: &'a [u8],
    snapshot: &Snapshot,
    siblings: &SiblingsOf<'_>,
) -> Result<Answer<'a>, NotAReview> {
    respond(body, |uid, request| {
        mutation(uid, request, snapshot, siblings)
    })
}

/// Answers `POST /validate`, never with a patch.
///
/// # Errors
/// If the body is no review.
pub fn validate<'a>(body: &'a [u8], snapshot: &Snapshot) -> Result<Answer<'a>, NotAReview> {
    respond(body, |_, request| {
        if namespaces::is_namespace(request) {
            namespaces::admission(request, snapshot)
        } else if policies::is_policy(request) {
            policies::admission(request, snapshot)
        } else {
            validation(request, snapshot)
        }
    })
}

/// Returns the patch for the pods that a request creates, or the reason to leave the object alone. It warns nobody: the
/// validating side does, so that each thing is told once.
fn mutation<'p>(
    uid: &str,
    request: &Request<'_>,
    snapshot: &'p Snapshot,
    siblings: &SiblingsOf<'_>,
) -> Result<Conclusion<'p>, Reason> {
    let workload = workload(request)?;
    if request.operation.as_ref() != "CREATE" {
        return Err(Reason::Operation);
    }
    let namespace = snapshot.namespace(&request.namespace);
    let owner = workload.pod.metadata.controller_uid();
    let owner = owner
        .filter(|_| workload.is_pod())
        .and_then(|uid| Owner::new(&request.namespace, uid));
    let mut judged = judge(&workload, namespace, snapshot, &Counts::default());
    let is_chosen = judged.chooses_side();
    if is_chosen && !workload.is_pod() {
        // The pods of one template go to both sides.
        return Err(Reason::Kind);
    }
    // Few pods go to a split pool, and all others are spared the question who their siblings are.
    if let Some(owner) = owner.filter(|_| is_chosen) {
        let counts = siblings(owner).map_or_else(|| Counts::lot(uid), Counts::Known);
        judged = judge(&workload, namespace, snapshot, &counts);
    }
    let mut verdict = Verdict::default();
    if judged.decision.mode == Mode::Enforce {
        verdict.patch = judged.patch();
    }
    let is_made = is_chosen && judged.decision.reason.is_placed() && !request.dry_run;
    Ok(Conclusion {
        verdict,
        counted_for: owner.filter(|_| is_made).map(|owner| owner.uid.into()),
        ..Conclusion::of(judged, namespace)
    })
}

/// Returns the denial and the warnings for the workload of a request, or the reason to leave the object alone.
fn validation<'p>(request: &Request<'_>, snapshot: &'p Snapshot) -> Result<Conclusion<'p>, Reason> {
    if request.excess.is_some() {
        return excess::validation(request, snapshot);
    }
    let workload = workload(request)?;
    if request.is_of_deletion() {
        return Err(Reason::Operation);
    }
    let namespace = snapshot.namespace(&request.namespace);
    let first = Counts::default();
    let judged = judge(&workload, namespace, snapshot, &first);
    let mut found = find(request, &judged, &first, snapshot);
    if let Some(counts) = judged.other_side().filter(|_| !workload.is_pod()) {
        let other = judge(&workload, namespace, snapshot, &counts);
        found = found.joined(find(request, &other, &counts, snapshot));
    }
    let Found { findings, was_so } = found;
    let mut verdict = Verdict::default();
    if judged.decision.mode == Mode::Enforce {
        verdict.denial = denial::of_findings(&findings);
        // Nobody reads warnings about an object that a controller makes: a pod, or the Job of a CronJob (R5.4).
        if !workload.has_controller() {
            let is_silent = was_so || is_off(judged.decision.reason, snapshot);
            let decision = (!is_silent).then_some(&judged.decision);
            verdict.warnings = warning::warnings(&findings, decision);
        }
    }
    Ok(Conclusion {
        verdict,
        findings,
        ..Conclusion::of(judged, namespace)
    })
}

/// True if the policy switches off the check of the same name.
fn is_off(reason: Reason, snapshot: &Snapshot) -> bool {
    let mut checks = Check::ALL.iter();
    let check = checks.find(|check| check.as_str() == reason.as_str());
    check.is_some_and(|check| check.action(&snapshot.policy.validation) == Action::Off)
}

/// The findings for a workload.
struct Found {
    findings: Vec<Finding>,
    /// True if the object is updated, and the decision for the old one had the same reason.
    was_so: bool,
}

impl Found {
    /// Joins the findings for the two sides of a split pool, each once.
    fn joined(self, other: Self) -> Self {
        Self {
            findings: each_once(self.findings, other.findings),
            was_so: self.was_so && other.was_so,
        }
    }
}

/// Judges the workload of a request. An UPDATE has no findings for problems that the old object has too.
fn find(
    request: &Request<'_>,
    judged: &Judged<'_, '_>,
    counts: &Counts,
    snapshot: &Snapshot,
) -> Found {
    let findings = judged.findings(&request.username, None);
    // Few updates have findings, so berth reads the old object only then. An old object that it cannot read counts as
    // none: it judges everything in the new one as added.
    let is_told = !findings.is_empty() || judged.decision.reason.concerns_author();
    if is_told
        && let Some(before) = request.old_object
        && let Ok(object) = Template::read(&mut Reader::new(before))
        && let Some(old) = Workload::new(request.kind(), &object)
    {
        let namespace = snapshot.namespace(&request.namespace);
        let old = judge(&old, namespace, snapshot, counts);
        return Found {
            findings: judged.findings(&request.username, Some(&old)),
            was_so: old.decision.reason == judged.decision.reason,
        };
    }
    Found {
        findings,
        was_so: false,
    }
}

/// Returns the workload of a request, or the reason to leave its object alone.
fn workload<'a>(request: &'a Request<'_>) -> Result<Workload<'a>, Reason> {
    if !request.sub_resource.is_empty() {
        return Err(Reason::Subresource);
    }
    let kind = request.kind();
    if kind == Kind::Other {
        return Err(Reason::Kind);
    }
    if !matches!(request.operation.as_ref(), "CREATE" | "UPDATE") {
        return Err(Reason::Operation);
    }
    let object = request.object.as_ref();
    object
        .and_then(|object| Workload::new(kind, object))
        .ok_or(Reason::Malformed)
}
