//! The life of the process, from the first flag to the last connection.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use berth::server::Limits;
use berth::server::lifecycle::Phase;

use crate::harness::client::head;
use crate::harness::in_process::InProcess;
use crate::harness::program::run;
use crate::harness::requests::pod_review;
use crate::harness::server::{Server, get};
use crate::harness::wait::until;

#[test]
fn the_process_is_alive_throughout_and_ready_while_it_serves() {
    let listener = InProcess::starting();
    let ready = || {
        let reply = get(listener.address, "/readyz");
        assert_eq!(get(listener.address, "/livez").status, 200);
        (reply.status, reply.text())
    };
    let not_ready = |reason: &str| (503, format!("{reason}\n"));
    assert_eq!(ready(), not_ready("starting"));
    listener.lifecycle.enter(Phase::Serving);
    assert_eq!(ready(), (200, "ok\n".to_owned()));
    listener.lifecycle.enter(Phase::Draining);
    assert_eq!(ready(), not_ready("draining"));
    listener.lifecycle.enter(Phase::Serving);
    assert_eq!(ready(), not_ready("draining"));
    listener.lifecycle.enter(Phase::Closing);
    assert_eq!(ready(), not_ready("closing"));
}

/// The clients keep connections, close them when asked to, and never send a request twice, as an API server does
/// (R6.3).
#[test]
fn a_drain_under_load_fails_no_request() {
    let mut server = Server::start(&["--drain=1s"]);
    let stop = AtomicBool::new(false);
    let (requests, closes) = (AtomicU32::new(0), AtomicU32::new(0));
    let client = server.client();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut connection = client.connect().unwrap();
                while !stop.load(Ordering::Relaxed) {
                    let reply = connection
                        .post("/mutate?timeout=2s", &pod_review())
                        .unwrap();
                    assert_eq!(reply.status, 200);
                    requests.fetch_add(1, Ordering::Relaxed);
                    if reply.closes() {
                        closes.fetch_add(1, Ordering::Relaxed);
                        connection = client.connect().unwrap();
                    }
                }
            });
        }
        until("load", || {
            (requests.load(Ordering::Relaxed) > 50).then_some(())
        });
        assert_eq!(closes.load(Ordering::Relaxed), 0);
        server.signal("TERM");
        until("it is not ready", || {
            let reply = server.get("/readyz");
            (reply.status == 503 && reply.text() == "draining\n").then_some(())
        });
        assert_eq!(server.get("/livez").status, 200);
        until("every client is told", || {
            (closes.load(Ordering::Relaxed) >= 8).then_some(())
        });
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(server.ended().code(), Some(0));
    assert!(TcpStream::connect(server.webhook).is_err());
}

#[test]
fn requests_in_flight_are_finished() {
    let mut server = Server::start(&["--drain=0s"]);
    let body = pod_review();
    let mut connection = server.client().connect().unwrap();
    let mut idle = server.client().connect().unwrap();
    assert_eq!(idle.post("/mutate", &body).unwrap().status, 200);
    // The server asks for the body once the request is in flight.
    let expecting = "content-type: application/json\r\nexpect: 100-continue\r\n";
    connection
        .send(&head("POST", "/mutate", expecting, body.len()))
        .unwrap();
    assert_eq!(connection.receive().unwrap().status, 100);
    server.signal("INT");
    until("it accepts no more", || {
        TcpStream::connect(server.webhook).err()
    });
    assert!(idle.is_closed_by_server());
    drop(idle);
    connection.send(&body).unwrap();
    let reply = connection.receive().unwrap();
    assert_eq!(reply.status, 200);
    assert!(reply.closes());
    drop(connection);
    assert_eq!(server.ended().code(), Some(0));
}

/// A client may use a connection that it has kept, or has just opened, at the moment when the listener closes.
#[test]
fn a_request_that_crosses_the_close_is_answered() {
    let body = pod_review();
    for _ in 0..20 {
        let server = InProcess::start(Limits::default());
        let mut kept = server.client().connect().unwrap();
        assert_eq!(kept.post("/mutate", &body).unwrap().status, 200);
        let opened = TcpStream::connect(server.address).unwrap();
        until("it is accepted", || {
            let open = "berth_connections{socket=\"webhook\"} 2\n";
            server.metrics.text().contains(open).then_some(())
        });
        server.lifecycle.enter(Phase::Closing);
        let reply = kept.post("/mutate", &body).unwrap();
        assert_eq!(reply.status, 200);
        assert!(reply.closes());
        let mut opened = server.client().shake_hands(opened).unwrap();
        let reply = opened.post("/mutate", &body).unwrap();
        assert_eq!(reply.status, 200);
        assert!(reply.closes());
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut server = Server::start(&["--drain=1h"]);
    server.signal("TERM");
    server.logs("draining");
    assert_eq!(server.get("/readyz").status, 503);
    assert_eq!(server.mutate(&pod_review()).status, 200);
    let begun = Instant::now();
    server.signal("TERM");
    assert_eq!(server.ended().code(), Some(1));
    assert!(begun.elapsed() < Duration::from_secs(5));
    server.logs("second signal");
}

#[test]
fn a_wrong_configuration_ends_with_64_and_names_the_flag() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let missing = directory.path().join("missing");
    let missing = missing.to_str().unwrap();
    let policy = file("policy.yaml", "kind: Pod\n");
    let text = file("text", "no PEM\n");
    let cases: Vec<(Vec<&str>, Vec<&str>)> = vec![
        (vec!["--tls-cert", missing], vec!["--tls-key"]),
        (vec!["--tls-key", missing], vec!["--tls-cert"]),
        (
            vec!["--tls-cert", missing, "--tls-key", &text],
            vec!["--tls-cert", missing],
        ),
        (vec!["--policy", missing], vec!["--policy", missing]),
        (vec!["--policy", &policy], vec!["--policy", &policy]),
        (vec!["--listen", "8443"], vec!["--listen"]),
        (vec!["--drain", "15"], vec!["--drain", "15s"]),
        (
            vec!["--tls-poll-interval", "0s"],
            vec!["--tls-poll-interval"],
        ),
        (vec!["--tls-secret", "s"], vec!["--own-namespace"]),
        (
            vec!["--tls-secret", "s", "--own-namespace", ""],
            vec!["--tls-secret"],
        ),
        (
            vec!["--tls-secret", "s", "--tls-cert", &text, "--tls-key", &text],
            vec!["--tls-secret", "--tls-cert"],
        ),
        (vec!["--tls-lifetime", "14s"], vec!["--tls-lifetime", "15s"]),
        (vec!["--max-connections", "0"], vec!["--max-connections"]),
        (
            vec!["--log-format", "xml"],
            vec!["--log-format", "text, json"],
        ),
        (vec!["--log-level", "loud"], vec!["--log-level", "info"]),
        (vec!["--no-such-flag"], vec!["--no-such-flag"]),
    ];
    for (arguments, named) in cases {
        let arguments = [vec!["serve"], arguments].concat();
        let output = run(&arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {said}");
        for name in named {
            assert!(said.contains(name), "{arguments:?}: {said}");
        }
    }
}

#[test]
fn a_port_in_use_is_a_failure_that_names_the_flag() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&["serve", "--listen=127.0.0.1:0", "--ops-listen", &address]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("--ops-listen {address}")), "{said}");
}

#[test]
fn help_names_every_variable() {
    let output = run(&["serve", "--help"]);
    let help = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    for name in [
        "BERTH_LISTEN",
        "BERTH_OPS_LISTEN",
        "BERTH_TLS_CERT",
        "BERTH_TLS_KEY",
        "BERTH_TLS_POLL_INTERVAL",
        "BERTH_DRAIN",
        "BERTH_MAX_CONNECTIONS",
        "BERTH_LOG_FORMAT",
        "BERTH_LOG_LEVEL",
        "BERTH_POLICY",
        "POD_NAMESPACE",
    ] {
        assert!(help.contains(name), "{name}");
    }
}

/// Returns the flag for a kubeconfig of a cluster that does not listen.
fn lost_cluster(directory: &Path) -> String {
    let kubeconfig = directory.join("kubeconfig");
    let cluster = serde_json::json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {"token": "not-a-secret"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    });
    std::fs::write(&kubeconfig, cluster.to_string()).unwrap();
    format!("--kubeconfig={}", kubeconfig.display())
}

/// berth has nothing to decide by until its cluster has been listed, so requests fail open. A restart would gain
/// nothing, and the process ends when it is told to.
#[test]
fn without_its_cluster_it_is_alive_and_not_ready() {
    let directory = tempfile::tempdir().unwrap();
    let flag = lost_cluster(directory.path());
    let mut server = Server::start(&["--cluster", &flag, "--drain=0s"]);
    let line = server.logs("cannot watch");
    assert!(line.contains("Connection refused"), "{line}");
    assert_eq!(server.get("/livez").status, 200);
    assert_eq!(server.get("/readyz").text(), "starting\n");
    assert_eq!(server.get("/readyz").status, 503);
    let reply = server.mutate(&pod_review());
    assert_eq!(reply.status, 503);
    assert!(reply.header("retry-after").is_none(), "R5.20");
    until("failures are counted", || {
        let failures = server.metric("berth_watch_errors_total", &["nodepools"]);
        (failures > 0.0).then_some(())
    });
    let contact = server.metric("berth_watch_contact_timestamp_seconds", &[]);
    assert!(contact.abs() < f64::EPSILON, "in contact with nobody");
    assert!(!server.log().contains("not-a-secret"));
    server.signal("TERM");
    assert!(server.ended().success());
}

/// berth serves nobody until it has read the certificate, and says what it lacks.
#[test]
fn without_its_secret_it_is_alive_and_not_ready() {
    let directory = tempfile::tempdir().unwrap();
    let flag = lost_cluster(directory.path());
    let server = Server::start(&[
        "--tls-secret=berth-certificate",
        "--own-namespace=berth-system",
        &flag,
    ]);
    let line = server.logs("cannot look after the certificate");
    assert!(line.contains("reading the Secret"), "{line}");
    assert_eq!(server.get("/livez").status, 200);
    assert_eq!(server.get("/readyz").status, 503);
    assert_eq!(
        server.get("/readyz").text(),
        "there is no certificate yet\n"
    );
    assert!(server.metric("berth_tls_renewal_errors_total", &[]) > 0.0);
}

#[test]
fn a_cluster_that_cannot_be_found_ends_it_with_64() {
    for (arguments, complaint) in [
        (["--kubeconfig=none", "--drain=0s"], "--cluster"),
        (
            ["--cluster", "--kubeconfig=none"],
            "error: --kubeconfig none: ",
        ),
        (["--cluster", "--drain=0s"], "error: --cluster: "),
        (
            ["--tls-secret=s", "--own-namespace=n"],
            "error: --tls-secret: ",
        ),
    ] {
        let output = run(&[&["serve"], &arguments[..]].concat());
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(complaint), "{stderr}");
    }
}
