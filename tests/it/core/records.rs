//! The record of a request, which metrics and logs get, and what the audit log gets.

use berth::admission;
use berth::cases::NAMESPACE;
use berth::placement::Siblings;
use serde_json::{Value, json};

use crate::harness::review::Review;
use crate::harness::snapshots::default_snapshot;

/// The mutating endpoint's answer, as far as logs and metrics see it.
struct Recorded {
    name: String,
    namespace_known: bool,
    audit_annotations: Value,
    patch_bytes: usize,
}

fn recorded(object: &Value, request: Value) -> Recorded {
    let snapshot = default_snapshot();
    let review = Review {
        request,
        ..Review::of(object)
    };
    let body = review.body();
    let answer = admission::mutate(&body, &snapshot, &|_| Some(Siblings::default())).unwrap();
    let response: Value = serde_json::from_slice(&answer.body).unwrap();
    Recorded {
        name: answer.record.name.to_string(),
        namespace_known: answer.record.namespace_known,
        audit_annotations: response["response"]["auditAnnotations"].clone(),
        patch_bytes: answer.record.patch_bytes,
    }
}

#[test]
fn the_name_is_that_of_the_request_or_else_of_the_object() {
    for (of_request, metadata, name) in [
        (
            "web-1",
            json!({"name": "web-2", "generateName": "web-"}),
            "web-1",
        ),
        (
            "",
            json!({"name": "web-2", "generateName": "web-"}),
            "web-2",
        ),
        ("", json!({"generateName": "web-"}), "web-"),
        ("", json!({}), ""),
    ] {
        let pod = json!({"metadata": metadata, "spec": {}});
        assert_eq!(recorded(&pod, json!({"name": of_request})).name, name);
    }
}

#[test]
fn a_namespace_is_known_if_berth_has_its_labels() {
    let pod = json!({"metadata": {"name": "web"}, "spec": {}});
    for (namespace, known) in [(NAMESPACE, true), ("new", false)] {
        let recorded = recorded(&pod, json!({"namespace": namespace}));
        assert_eq!(recorded.namespace_known, known, "{namespace}");
    }
}

/// A second call of the same webhook must not contradict the first in the audit log (R5.5).
#[test]
fn the_audit_log_gets_the_decision_with_the_patch_that_carries_it() {
    let decision =
        "placed: rule=everything-else pool=default nodePools=amd64-default architectures=amd64";
    let plain = recorded(&json!({"metadata": {"name": "web"}, "spec": {}}), json!({}));
    assert!(plain.patch_bytes > 0);
    assert_eq!(plain.audit_annotations, json!({"decision": decision}));
    let left = json!({"metadata": {"name": "web"}, "spec": {"schedulerName": "other"}});
    let left = recorded(&left, json!({}));
    assert_eq!(left.patch_bytes, 0);
    assert_eq!(left.audit_annotations, Value::Null);
}
