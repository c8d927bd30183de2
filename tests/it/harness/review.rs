//! Reviews as an API server sends them.

use berth::placement::Snapshot;
use serde_json::{Value, json};

use super::snapshots::NAMESPACE;
use super::verdict::{self, UID, Verdict};

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

    /// Asks the validating endpoint.
    pub(crate) fn validate(&self, snapshot: &Snapshot) -> Verdict {
        verdict::validate(&self.body(), snapshot)
    }

    /// Returns the body of the request.
    pub(crate) fn body(&self) -> Vec<u8> {
        let Self {
            api_version,
            kind,
            request,
            object,
        } = self;
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let kind = json!({"group": group, "version": version, "kind": kind});
        let resource = format!("{}s", kind["kind"].as_str().unwrap().to_lowercase());
        let resource = json!({"group": group, "version": version, "resource": resource});
        let mut fields = json!({
            "uid": UID,
            "kind": kind,
            "resource": resource,
            "requestKind": kind,
            "requestResource": resource,
            "namespace": NAMESPACE,
            "operation": "CREATE",
            "userInfo": {
                "username": "system:serviceaccount:kube-system:job-controller",
                "uid": "3f0f5a9c-0b3a-4a57-9a0e-f3b8ac2a6a0b",
                "groups": ["system:serviceaccounts", "system:authenticated"],
            },
            "oldObject": null,
            "dryRun": false,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
        });
        for (name, value) in request.as_object().into_iter().flatten() {
            fields[name] = value.clone();
        }
        // The object goes in as text: how it is written is part of what is tested.
        let fields = fields.to_string();
        let open = fields.strip_suffix('}').unwrap();
        format!(
            r#"{{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{open},"object":{object}}}}}"#
        )
        .into_bytes()
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
