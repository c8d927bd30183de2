//! The requests that the tests of the listeners send: reviews of a pod that a Job makes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::review::Review;

/// Returns a pod that a Job makes.
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

/// Returns the review of the creation of a pod.
pub(crate) fn review(object: &Value) -> Value {
    serde_json::from_slice(&Review::of(object).body()).unwrap()
}

/// Returns the bytes of a review.
pub(crate) fn bytes(review: &Value) -> Vec<u8> {
    serde_json::to_vec(review).unwrap()
}

/// Returns the bytes of the review of a pod that a Job makes.
pub(crate) fn pod_review() -> Vec<u8> {
    bytes(&review(&pod()))
}

/// Returns the same with an annotation that makes it exactly `length` bytes long.
pub(crate) fn pod_review_of(length: usize) -> Vec<u8> {
    let mut object = pod();
    object["metadata"]["annotations"] = json!({"padding": ""});
    let missing = length - bytes(&review(&object)).len();
    object["metadata"]["annotations"]["padding"] = "x".repeat(missing).into();
    let body = bytes(&review(&object));
    assert_eq!(body.len(), length);
    body
}

/// Reads the patch of a response.
pub(crate) fn patch(response: &Value) -> json_patch::Patch {
    assert_eq!(response["patchType"], "JSONPatch");
    let patch = STANDARD
        .decode(response["patch"].as_str().unwrap())
        .unwrap();
    serde_json::from_slice(&patch).unwrap()
}

/// True if a response lets the object through as it is.
pub(crate) fn is_untouched(response: &Value) -> bool {
    response["allowed"] == true
        && response.get("patch").is_none()
        && response.get("patchType").is_none()
}
