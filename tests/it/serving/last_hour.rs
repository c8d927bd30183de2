//! The decisions of the last hour, as `berth status` reads them.

use serde_json::{Value, json};

use crate::harness::requests::{pod, pod_review, review};
use crate::harness::server::Server;

#[test]
fn decisions_are_counted_by_mode_and_reason() {
    let server = Server::start(&[]);
    let decisions = || -> Value {
        let reply = server.get("/decisions");
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("content-type"), Some("application/json"));
        serde_json::from_str(&reply.text()).unwrap()
    };
    let before = decisions();
    assert_eq!(before["decisions"], json!([]));
    assert!(before["since"].as_str().unwrap().ends_with('Z'), "{before}");
    let mut system = review(&pod());
    system["request"]["namespace"] = json!("kube-system");
    for body in [pod_review(), pod_review(), system.to_string().into_bytes()] {
        assert_eq!(server.mutate(&body).status, 200);
    }
    // The validating side decides on the same pods, and counts nothing here.
    let mut connection = server.client().connect().unwrap();
    assert_eq!(
        connection.post("/validate", &pod_review()).unwrap().status,
        200
    );
    let after = decisions();
    let counts = after["decisions"].as_array().unwrap();
    let count = |reason: &str| {
        let found = counts.iter().find(|count| count["reason"] == reason);
        found.map_or(0, |count| count["count"].as_u64().unwrap())
    };
    assert_eq!(
        counts
            .iter()
            .map(|count| count["count"].as_u64().unwrap())
            .sum::<u64>(),
        3
    );
    assert_eq!(count("namespace"), 1, "{after}");
    assert!(
        counts.iter().all(|count| count["mode"] == "Enforce"),
        "{after}"
    );
}
