//! Reviews of any bytes, held against the protocol and the laws.

use berth::placement::{Reason, Snapshot};
use serde_json::Value;

use crate::endpoints::Answers;
use crate::harness::review::template_path;
use crate::harness::verdict::{self, UID, Verdict};
use crate::model::laws::{broken_by, only_adds};

/// Asks both endpoints, and holds what they say against the laws.
///
/// # Panics
/// If an answer breaks one.
pub fn examine(body: &[u8], snapshot: &Snapshot) {
    let answers = Answers::to(body, snapshot);
    assert_eq!(answers, Answers::to(body, snapshot), "two answers");
    for answer in [answers.mutated, answers.validated].into_iter().flatten() {
        let answer: Value = serde_json::from_slice(&answer).expect("an answer is JSON");
        assert_eq!(answer["kind"], "AdmissionReview");
    }
    // An API server writes what it has read: no key stands twice, and no number or text is broken.
    if let Ok(review) = serde_json::from_slice(body) {
        examine_value(review, snapshot);
    }
}

fn examine_value(mut review: Value, snapshot: &Snapshot) {
    let Some(uid) = review.pointer_mut("/request/uid") else {
        return;
    };
    *uid = UID.into();
    let body = review.to_string();
    if Answers::to(body.as_bytes(), snapshot).mutated.is_none() {
        return;
    }
    let verdict = verdict::mutate(body.as_bytes(), snapshot);
    assert_ne!(verdict.reason, Reason::InternalError);
    let validated = verdict::validate(body.as_bytes(), snapshot);
    assert_ne!(validated.reason, Reason::InternalError);
    if !verdict.patch.is_empty() {
        examine_patch(review, &verdict, snapshot);
    }
}

fn examine_patch(mut review: Value, verdict: &Verdict, snapshot: &Snapshot) {
    assert_eq!(verdict.mode, "Enforce");
    let request = &mut review["request"];
    let object = request["object"].take();
    let kind = request["kind"]["kind"].as_str().unwrap_or_default();
    let added = verdict.patch.iter();
    let mut broken: Vec<String> = added
        .filter_map(|added| only_adds(added, &object))
        .collect();
    let patched = verdict.patched(&object).expect("the patch applies");
    if object.pointer(template_path(kind)).is_some() {
        broken.extend(broken_by(&object, &patched, kind));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    request["object"] = patched;
    let again = verdict::mutate(review.to_string().as_bytes(), snapshot);
    assert!(again.patch.is_empty(), "twice is once: {:?}", again.patch);
    assert_eq!(again.reason, Reason::AlreadyPlaced);
}
