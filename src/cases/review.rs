//! The review that an API server sends for the object of a case.

use serde_json::{Map, Value, json};

use super::file::Case;

/// The `uid` of every review that is made here.
pub const UID: &str = "705ab4f5-6393-11e8-b7cc-42010a800002";

/// The namespace of an object that names none; it has opted in.
pub const NAMESPACE: &str = "team-a";

/// A review, with its object as the text that the API server would send.
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    /// `apiVersion` of the object.
    pub api_version: String,
    /// `kind` of the object.
    pub kind: String,
    /// The fields of the request that differ from the usual ones.
    pub request: Map<String, Value>,
    /// The object's text.
    pub object: String,
}

impl Review {
    /// Returns the review of the object of a case, and the object with the kind that it has.
    #[must_use]
    pub fn of(case: &Case) -> (Self, Value) {
        let mut object = case.object.clone();
        if object.is_object() {
            for (field, usual) in [("apiVersion", "v1"), ("kind", "Pod")] {
                if object.get(field).is_none() {
                    object[field] = usual.into();
                }
            }
        }
        let field = |name: &str, usual: &str| object[name].as_str().unwrap_or(usual).to_owned();
        let mut request = case.request.clone().unwrap_or_default();
        request
            .entry("namespace")
            .or_insert_with(|| namespace(case).into());
        let review = Self {
            api_version: field("apiVersion", "v1"),
            kind: field("kind", "Pod"),
            request,
            object: case
                .object_text
                .clone()
                .unwrap_or_else(|| object.to_string()),
        };
        (review, object)
    }

    /// Returns the body of the request.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let Self {
            api_version,
            kind,
            request,
            object,
        } = self;
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let resource = format!("{}s", kind.to_lowercase());
        let kind = json!({"group": group, "version": version, "kind": kind});
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
        for (name, value) in request {
            fields[name] = value.clone();
        }
        // The object goes in as text, since a case may say how it is written.
        let fields = fields.to_string();
        let open = fields.strip_suffix('}').unwrap_or_default();
        format!(
            r#"{{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{open},"object":{object}}}}}"#
        )
        .into_bytes()
    }
}

/// Returns the namespace that a case creates its object in.
pub(super) fn namespace(case: &Case) -> &str {
    let of_request = case
        .request
        .as_ref()
        .and_then(|request| request.get("namespace"));
    let of_object = case.object.pointer("/metadata/namespace");
    let named = of_request.or(of_object).and_then(Value::as_str);
    named.unwrap_or(NAMESPACE)
}
