//! berth's answers to reviews, taken apart and held against the protocol.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use berth::admission::{self, Answer, Record, review::NotAReview};
pub(crate) use berth::cases::UID;
use berth::placement::{Owner, Reason, Siblings, Snapshot};
use serde_json::{Map, Value, json};

/// The fields that a response may have.
const FIELDS: [&str; 7] = [
    "uid",
    "allowed",
    "status",
    "patchType",
    "patch",
    "auditAnnotations",
    "warnings",
];

/// The content of an answer.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// True if the object was let through.
    pub(crate) allowed: bool,
    /// The message of a denial.
    pub(crate) denial: Option<String>,
    /// The operations of the patch; empty if there is no patch.
    pub(crate) patch: Vec<Value>,
    /// The warnings to the author.
    pub(crate) warnings: Vec<String>,
    /// The reason of the decision.
    pub(crate) reason: Reason,
    /// The name of the rule.
    pub(crate) rule: Option<String>,
    /// The name of the pool.
    pub(crate) pool: Option<String>,
    /// The mode of the decision.
    pub(crate) mode: String,
    /// The names of the checks that found something.
    pub(crate) findings: Vec<String>,
    /// The answer's bytes.
    pub(crate) bytes: Vec<u8>,
}

/// Asks the mutating endpoint.
pub(crate) fn mutate(body: &[u8], snapshot: &Snapshot) -> Verdict {
    mutate_among(body, snapshot, Some(&Siblings::default()))
}

/// Asks the same of a pod whose controller has these pods; `None` if berth may not see them.
pub(crate) fn mutate_among(
    body: &[u8],
    snapshot: &Snapshot,
    siblings: Option<&Siblings>,
) -> Verdict {
    let siblings = |_: Owner<'_>| siblings.cloned();
    let verdict = Verdict::read(admission::mutate(body, snapshot, &siblings));
    assert!(verdict.allowed, "the mutating endpoint never denies");
    verdict
}

/// Asks the validating endpoint.
pub(crate) fn validate(body: &[u8], snapshot: &Snapshot) -> Verdict {
    let verdict = Verdict::read(admission::validate(body, snapshot));
    let patch = &verdict.patch;
    assert!(patch.is_empty(), "the validating endpoint never patches");
    verdict
}

impl Verdict {
    pub(crate) fn read(answer: Result<Answer<'_>, NotAReview>) -> Self {
        let Answer { body, record } = answer.unwrap();
        let Record {
            reason,
            mode,
            rule,
            pool,
            patch_bytes,
            allowed,
            findings,
            ..
        } = record;
        let review: Value = serde_json::from_slice(&body).unwrap();
        let response = review["response"].as_object().unwrap();
        assert_eq!(review["kind"], "AdmissionReview");
        assert_eq!(response["uid"], UID);
        assert_eq!(response["allowed"], allowed);
        assert!(response.keys().all(|key| FIELDS.contains(&key.as_str())));
        let denial = denial(response);
        assert_eq!(denial.is_none(), allowed);
        let findings = findings.iter();
        Self {
            allowed,
            denial,
            patch: patch(response, patch_bytes),
            warnings: warnings(response),
            reason,
            rule: rule.map(|rule| rule.to_string()),
            pool: pool.map(|pool| pool.to_string()),
            mode: mode.to_string(),
            findings: findings.map(|found| found.check.to_string()).collect(),
            bytes: body,
        }
    }

    /// Applies the patch to the object that was reviewed, as the API server does.
    pub(crate) fn patched(&self, object: &Value) -> Result<Value, String> {
        let patch = Value::from(self.patch.as_slice());
        let patch: json_patch::Patch =
            serde_json::from_value(patch).map_err(|error| error.to_string())?;
        let mut object = object.clone();
        json_patch::patch(&mut object, &patch).map_err(|error| error.to_string())?;
        Ok(object)
    }

    /// True if a check of this name found something.
    pub(crate) fn finds(&self, check: &str) -> bool {
        self.findings.iter().any(|found| found == check)
    }
}

/// Returns the operations of the patch. A response has both a patch and its type, or neither; no patch is empty (R5.2).
fn patch(response: &Map<String, Value>, bytes: usize) -> Vec<Value> {
    let kind = response.get("patchType");
    let Some(patch) = response.get("patch") else {
        assert_eq!(kind, None);
        return Vec::new();
    };
    assert_eq!(kind, Some(&json!("JSONPatch")));
    let patch = STANDARD.decode(patch.as_str().unwrap()).unwrap();
    assert_eq!(patch.len(), bytes);
    let patch: Vec<Value> = serde_json::from_slice(&patch).unwrap();
    assert!(!patch.is_empty());
    patch
}

/// Returns the warnings, which are few, short, and fit for a header (R5.4).
fn warnings(response: &Map<String, Value>) -> Vec<String> {
    let Some(warnings) = response.get("warnings") else {
        return Vec::new();
    };
    let warnings: Vec<String> = serde_json::from_value(warnings.clone()).unwrap();
    assert!(warnings.len() <= 5, "{warnings:?}");
    for warning in &warnings {
        let printable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        assert!(
            warning.len() <= 120 && warning.bytes().all(printable),
            "{warning:?}"
        );
    }
    warnings
}

fn denial(response: &Map<String, Value>) -> Option<String> {
    let status = response.get("status")?;
    assert_eq!(
        (&status["code"], &status["reason"]),
        (&json!(403), &json!("Forbidden"))
    );
    Some(status["message"].as_str().unwrap().to_owned())
}
