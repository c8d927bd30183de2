//! The protocol over real TLS: what the endpoints answer to what an API server, or anyone else, may send.

use serde_json::{Value, json};

use crate::harness::Server;
use crate::harness::requests::{bytes, is_untouched, patch, pod, pod_review, review};

#[test]
fn a_placed_pod_is_already_placed() {
    let server = Server::start(&[]);
    let mut connection = server.client().connect().unwrap();
    let first = connection
        .post("/mutate?timeout=2s", &pod_review())
        .unwrap();
    assert_eq!(first.json()["apiVersion"], "admission.k8s.io/v1");
    assert_eq!(first.json()["kind"], "AdmissionReview");
    let response = first.response();
    assert_eq!(response["uid"], review(&pod())["request"]["uid"]);
    assert_eq!(response["allowed"], true);

    let mut placed = pod();
    json_patch::patch(&mut placed, &patch(&response)).unwrap();
    let pool = &placed["spec"]["nodeSelector"]["karpenter.sh/nodepool"];
    assert_eq!(pool, "amd64-batch");
    let second = connection.post("/mutate", &bytes(&review(&placed)));
    let second = second.unwrap().response();
    let fields: Vec<&String> = second.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["uid", "allowed"]);

    let validated = connection.post("/validate", &pod_review()).unwrap();
    assert!(validated.response().get("patch").is_none());
    assert!(validated.response().get("patchType").is_none());
    let placed = ["endpoint=\"mutate\"", "reason=\"placed\"", "pool=\"batch\""];
    assert!((server.metric("berth_decisions_total", &placed) - 1.0).abs() < 0.1);
    let fine = ["endpoint=\"mutate\"", "code=\"200\""];
    assert!((server.metric("berth_admission_requests_total", &fine) - 2.0).abs() < 0.1);
}

#[test]
fn whatever_is_no_new_object_is_let_through_as_it_is() {
    let server = Server::start(&[]);
    let mut connection = server.client().connect().unwrap();
    let mut untouched = |field: &str, value: &str| {
        let mut review = review(&pod());
        review["request"][field] = value.into();
        let reply = connection.post("/mutate", &bytes(&review)).unwrap();
        assert!(is_untouched(&reply.response()), "{field}: {value}");
    };
    for name in [
        "binding",
        "resize",
        "ephemeralcontainers",
        "status",
        "scale",
    ] {
        untouched("subResource", name);
    }
    for name in ["UPDATE", "DELETE", "CONNECT", "FUTURE", ""] {
        untouched("operation", name);
    }
}

#[test]
fn the_patch_is_the_same_for_a_dry_run_and_knows_no_unknown_field() {
    let server = Server::start(&[]);
    let mut connection = server.client().connect().unwrap();
    let expected = connection.post("/mutate", &pod_review()).unwrap().text();
    let mut dry = review(&pod());
    dry["request"]["dryRun"] = true.into();
    dry["request"]["options"] = json!({"kind": "CreateOptions", "dryRun": ["All"]});
    dry["request"]["fromTheFuture"] = json!([{}]);
    dry["request"]["object"]["spec"]["fromTheFuture"] = json!({"a": [1, null]});
    let reply = connection.post("/mutate", &bytes(&dry)).unwrap();
    assert_eq!(reply.text(), expected);
}

#[test]
fn an_ill_typed_pod_is_let_through_counted_and_logged() {
    let server = Server::start(&["--log-level=debug"]);
    let mut connection = server.client().connect().unwrap();
    let ill = [
        ("nodeSelector", json!([])),
        ("tolerations", json!("x")),
        ("affinity", json!(3)),
        ("nodeName", json!({})),
    ];
    for (field, value) in &ill {
        let mut object = pod();
        object["spec"][field] = value.clone();
        for endpoint in ["/mutate", "/validate"] {
            let reply = connection.post(endpoint, &bytes(&review(&object)));
            assert!(is_untouched(&reply.unwrap().response()), "{field}");
        }
    }
    let malformed = server.metric("berth_decisions_total", &["reason=\"malformed\""]);
    assert!((malformed - 8.0).abs() < 0.1);
    let line: Value = serde_json::from_str(&server.logs("cannot be read")).unwrap();
    assert_eq!(line["level"], "ERROR");
    let place = line["place"].as_str().unwrap();
    assert!(place.starts_with("unreadable at byte "), "{place}");
}

#[test]
fn a_v1beta1_review_is_answered_in_kind() {
    let server = Server::start(&[]);
    let mut beta = review(&pod());
    beta["apiVersion"] = "admission.k8s.io/v1beta1".into();
    let reply = server.mutate(&bytes(&beta));
    assert_eq!(reply.json()["apiVersion"], "admission.k8s.io/v1beta1");
    assert!(!patch(&reply.response()).is_empty());
}

/// A body, and the status that it gets; every one leaves the connection and the server as they were.
#[test]
fn hostile_bodies() {
    let server = Server::start(&[]);
    let whole = pod_review();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut review = review(&pod());
        change(&mut review);
        bytes(&review)
    };
    let text = String::from_utf8(whole.clone()).unwrap();
    let mut not_utf8 = whole.clone();
    let place = text.find("busybox").unwrap();
    not_utf8[place] = 0xff;
    let deep = |levels: usize| {
        let value = "[".repeat(levels) + &"]".repeat(levels);
        text.replace("\"busybox\"", &value).into_bytes()
    };
    let templates = "{\"spec\":{\"template\":".repeat(10_000) + "{}" + &"}}".repeat(10_000);
    let deep_where_read = text.replace(
        "\"spec\":{",
        &format!("\"spec\":{{\"template\":{templates},"),
    );
    let spec_twice = text.replace("\"spec\":{", "\"spec\":{},\"spec\":{");
    let uid_twice = text.replace("\"uid\":\"705", "\"uid\":\"1\",\"uid\":\"705");
    let huge = text.replace("\"busybox\"", &format!("1{}", "0".repeat(5000)));
    let cases: Vec<(&str, Vec<u8>, u16)> = vec![
        ("empty", vec![], 400),
        ("garbage", b"\0\x01\x02{}".to_vec(), 400),
        ("truncated", whole[..whole.len() / 2].to_vec(), 400),
        (
            "two documents",
            [whole.clone(), whole.clone()].concat(),
            400,
        ),
        ("not UTF-8", not_utf8, 400),
        // Nobody descends into what berth does not read; what it does read has few levels.
        ("10 000 levels", deep(10_000), 200),
        (
            "10 000 levels where it reads",
            deep_where_read.into_bytes(),
            200,
        ),
        ("1 000 000 brackets", vec![b'['; 1_000_000], 400),
        ("a duplicate key", spec_twice.into_bytes(), 200),
        ("a duplicate uid", uid_twice.into_bytes(), 400),
        ("a huge number", huge.into_bytes(), 200),
        ("null", b"null".to_vec(), 400),
        (
            "no request",
            changed(&|it| it["request"] = Value::Null),
            400,
        ),
        (
            "no uid",
            changed(&|it| it["request"]["uid"] = "".into()),
            400,
        ),
        (
            "a later version",
            changed(&|it| it["apiVersion"] = "admission.k8s.io/v2".into()),
            400,
        ),
        (
            "another kind",
            changed(&|it| it["kind"] = "Pod".into()),
            400,
        ),
        (
            "no object",
            changed(&|it| it["request"]["object"] = Value::Null),
            200,
        ),
    ];
    let mut connection = server.client().connect().unwrap();
    for (name, body, status) in &cases {
        for endpoint in ["/mutate", "/validate"] {
            let reply = connection.post(endpoint, body).unwrap();
            assert_eq!(reply.status, *status, "{name}: {}", reply.text());
            assert!(reply.text().len() < 4096, "{name}");
        }
    }
    let mut last = connection.post("/mutate", &whole).unwrap();
    assert!(!patch(&last.response()).is_empty());
    last = connection.post("/mutate", b"{").unwrap();
    assert!(
        last.text()
            .starts_with("the body is not an AdmissionReview")
    );
    server.logs("refused a request");
}

#[test]
fn what_is_not_a_post_of_json_to_an_endpoint_is_refused() {
    let server = Server::start(&[]);
    let json = "content-type: application/json\r\n";
    for (method, target, headers, status) in [
        ("POST", "/mutate?timeout=2s&x=%20&=&&timeout", json, 200),
        (
            "POST",
            "/mutate",
            "Content-Type: Application/JSON; charset=utf-8\r\n",
            200,
        ),
        ("POST", "/mutate", "", 200),
        ("POST", "/mutate", "content-type: text/plain\r\n", 415),
        (
            "POST",
            "/mutate",
            "content-type: application/jsonp\r\n",
            415,
        ),
        ("POST", "/mutate", "content-type: \r\n", 415),
        ("GET", "/mutate", "", 405),
        ("PUT", "/validate", json, 405),
        ("POST", "/", json, 404),
        ("POST", "/mutate/", json, 404),
        ("POST", "/metrics", json, 404),
        ("GET", "/readyz", "", 404),
    ] {
        let mut connection = server.client().connect().unwrap();
        let reply = connection.request(method, target, headers, &pod_review());
        let reply = reply.unwrap();
        assert_eq!(reply.closes(), status != 200);
        assert_eq!(reply.status, status, "{method} {target} {headers}");
        assert_eq!(reply.header("retry-after"), None);
        assert_eq!(reply.header("allow").is_some(), status == 405);
    }
    assert_eq!(server.get("/mutate").status, 404);
}

#[test]
fn no_secret_gets_into_logs_or_metrics() {
    const SECRET: &str = "SECRET_XYZ";
    let mut server = Server::start(&["--log-level=trace"]);
    let mut object = pod();
    object["spec"]["containers"][0]["env"] = json!([{"name": "TOKEN", "value": SECRET}]);
    object["metadata"]["annotations"] = json!({"note": SECRET});
    let good = bytes(&review(&object));
    object["spec"]["tolerations"] = json!([{"key": [SECRET]}]);
    let malformed = bytes(&review(&object));
    let cut = &good[..good.len() - 2];
    for body in [&good, &malformed, cut] {
        for target in ["/mutate", "/validate", "/nowhere"] {
            let mut connection = server.client().connect().unwrap();
            connection.post(target, body).unwrap();
        }
    }
    let page = server.get("/metrics").text();
    server.signal("KILL");
    server.ended();
    let log = server.log();
    assert!(log.contains("\"decided\"") && log.contains("refused a request"));
    assert!(!log.contains(SECRET), "{log}");
    assert!(!page.contains(SECRET), "{page}");
}
