//! Reviews as an API server sends them.

use berth::cases;
use berth::placement::{Siblings, Snapshot};
use serde_json::{Value, json};

use super::verdict::{self, Verdict};

/// A review, with its object as the text that the API server would send.
pub(crate) struct Review {
    /// `apiVersion` of the object.
    pub(crate) api_version: String,
    /// `kind` of the object.
    pub(crate) kind: String,
    /// The fields of the request that differ from the usual ones.
    pub(crate) request: Value,
    /// The object's text.
    pub(crate) object: String,
}

impl Review {
    /// Makes the review of a CREATE of an object that says itself what it is.
    pub(crate) fn of(object: &Value) -> Self {
        let field = |name: &str, usual: &str| object[name].as_str().unwrap_or(usual).to_owned();
        Self {
            api_version: field("apiVersion", "v1"),
            kind: field("kind", "Pod"),
            request: Value::Null,
            object: object.to_string(),
        }
    }

    /// Makes the review of an UPDATE.
    pub(crate) fn of_update(object: &Value, old: &Value) -> Self {
        Self {
            request: json!({"operation": "UPDATE", "oldObject": old}),
            ..Self::of(object)
        }
    }

    /// Asks the mutating endpoint.
    pub(crate) fn mutate(&self, snapshot: &Snapshot) -> Verdict {
        verdict::mutate(&self.body(), snapshot)
    }

    /// Asks the mutating endpoint for a pod whose controller has these pods; `None` if berth may not see them.
    pub(crate) fn mutate_among(&self, snapshot: &Snapshot, siblings: Option<&Siblings>) -> Verdict {
        verdict::mutate_among(&self.body(), snapshot, siblings)
    }

    /// Asks the validating endpoint.
    pub(crate) fn validate(&self, snapshot: &Snapshot) -> Verdict {
        verdict::validate(&self.body(), snapshot)
    }

    /// Returns the body of the request.
    pub(crate) fn body(&self) -> Vec<u8> {
        let review = cases::Review {
            api_version: self.api_version.clone(),
            kind: self.kind.clone(),
            request: self.request.as_object().cloned().unwrap_or_default(),
            object: self.object.clone(),
        };
        review.body()
    }
}

/// Returns the JSON pointer to the pod, or the pod template, that an object of the kind holds.
pub(crate) fn template_path(kind: &str) -> &'static str {
    match kind {
        "CronJob" => "/spec/jobTemplate/spec/template",
        "Job" | "Deployment" | "StatefulSet" => "/spec/template",
        _ => "",
    }
}
