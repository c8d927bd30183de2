//! Reviews as the API server sends them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// A pod that a Job makes.
pub(crate) fn pod() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": "hello-",
            "ownerReferences": [{
                "apiVersion": "batch/v1", "kind": "Job", "name": "hello", "uid": "7", "controller": true,
            }],
        },
        "spec": {"containers": [{"name": "hello", "image": "busybox"}]},
    })
}

/// The review of the creation of a pod.
pub(crate) fn review(object: &Value) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "namespace": "demo",
            "operation": "CREATE",
            "userInfo": {"username": "system:serviceaccount:kube-system:job-controller"},
            "object": object,
            "oldObject": null,
            "dryRun": false,
        },
    })
}

/// The same as bytes.
pub(crate) fn bytes(review: &Value) -> Vec<u8> {
    serde_json::to_vec(review).unwrap()
}

/// The review of the creation of a pod that a Job makes, as bytes.
pub(crate) fn pod_review() -> Vec<u8> {
    bytes(&review(&pod()))
}

/// The same with an annotation that makes it exactly so long.
pub(crate) fn pod_review_of(length: usize) -> Vec<u8> {
    let mut object = pod();
    object["metadata"]["annotations"] = json!({"padding": ""});
    let missing = length - bytes(&review(&object)).len();
    object["metadata"]["annotations"]["padding"] = "x".repeat(missing).into();
    let body = bytes(&review(&object));
    assert_eq!(body.len(), length);
    body
}

/// The patch of a response.
pub(crate) fn patch(response: &Value) -> json_patch::Patch {
    assert_eq!(response["patchType"], "JSONPatch");
    let patch = STANDARD
        .decode(response["patch"].as_str().unwrap())
        .unwrap();
    serde_json::from_slice(&patch).unwrap()
}

/// Whether a response lets the object through as it is.
pub(crate) fn is_untouched(response: &Value) -> bool {
    response["allowed"] == true
        && response.get("patch").is_none()
        && response.get("patchType").is_none()
}
