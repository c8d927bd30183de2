//! Asking the validating side, as the API server asks it: whatever it checks, `explain` shows.

use serde::Serialize;
use serde_json::Value;

use crate::admission;
use crate::cli::object::Identity;
use crate::placement::snapshot::Snapshot;
use crate::validation::Finding;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Review<'r> {
    api_version: &'static str,
    kind: &'static str,
    request: Request<'r>,
}

#[derive(Serialize)]
struct Request<'r> {
    uid: &'static str,
    kind: GroupKind<'r>,
    operation: &'static str,
    namespace: &'r str,
    name: &'r str,
    object: &'r Value,
}

#[derive(Serialize)]
struct GroupKind<'r> {
    group: &'r str,
    kind: &'r str,
}

/// What the validating side says of an object, asked as the API server asks it.
pub(super) fn findings(
    identity: &Identity<'_>,
    judged: &Value,
    snapshot: &Snapshot,
) -> Result<Vec<Finding>, String> {
    let review = Review {
        api_version: "admission.k8s.io/v1",
        kind: "AdmissionReview",
        request: Request {
            uid: "explain",
            kind: GroupKind {
                group: identity.group(),
                kind: identity.kind,
            },
            operation: "CREATE",
            namespace: identity.effective_namespace(),
            name: identity.name,
            object: judged,
        },
    };
    let review = serde_json::to_vec(&review).map_err(|error| error.to_string())?;
    let answer = admission::validate(&review, snapshot).map_err(|error| error.to_string())?;
    Ok(answer.record.findings)
}
