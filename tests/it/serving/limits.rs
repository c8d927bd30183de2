//! Limits: slow, greedy and numerous clients do nothing to the others.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use berth::server::Limits;

use crate::harness::client::{Connection, head};
use crate::harness::in_process::InProcess;
use crate::harness::requests::{pod_review, pod_review_of};
use crate::harness::server::Server;
use crate::harness::wait::until;

const JSON: &str = "content-type: application/json\r\n";

#[test]
fn a_body_has_at_most_8_mib() {
    const LIMIT: usize = 8 << 20;
    let server = Server::start(&[]);
    for (length, status) in [
        (5 << 20, 200),
        (LIMIT, 200),
        (LIMIT + 1, 413),
        (17 << 20, 413),
    ] {
        let body = pod_review_of(length);
        let reply = server.mutate(&body);
        assert_eq!(reply.status, status, "{length} bytes at once");
        assert_eq!(reply.closes(), status == 413);

        let mut connection = server.client().connect().unwrap();
        let head = "POST /mutate HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
        connection.send(head.as_bytes()).unwrap();
        // A server that refuses half-way may stop reading, and answers all the same.
        let sent = body.chunks(100_000).try_for_each(|chunk| {
            connection.send(format!("{:x}\r\n", chunk.len()).as_bytes())?;
            connection.send(chunk)?;
            connection.send(b"\r\n")
        });
        let sent = sent.and_then(|()| connection.send(b"0\r\n\r\n"));
        let reply = connection.receive().or_else(|error| sent.and(Err(error)));
        assert_eq!(reply.unwrap().status, status, "{length} bytes in chunks");
    }
}

#[test]
fn a_body_that_dawdles_gets_no_more_than_the_time_of_its_caller() {
    let server = Server::start(&[]);
    let body = pod_review();
    let half = &body[..body.len() / 2];
    let mut connection = server.client().connect().unwrap();
    let begun = Instant::now();
    let announced = head("POST", "/mutate?timeout=300ms", JSON, body.len());
    connection.send(&announced).unwrap();
    connection.send(half).unwrap();
    let reply = connection.receive().unwrap();
    assert_eq!(reply.status, 408);
    assert!(reply.closes());
    assert!(begun.elapsed() >= Duration::from_millis(270));
    assert!(connection.is_closed_by_server());

    // The length promises less than there is: the rest is no request.
    let mut connection = server.client().connect().unwrap();
    let reply = connection.request("POST", "/mutate", JSON, half).unwrap();
    assert_eq!(reply.status, 400);
    let mut connection = server.client().connect().unwrap();
    let lying = head("POST", "/mutate", JSON, half.len());
    connection.send(&[lying, body].concat()).unwrap();
    assert_eq!(connection.receive().unwrap().status, 400);
    assert_eq!(connection.receive().unwrap().status, 400);
    assert!(connection.is_closed_by_server());
    assert_eq!(server.mutate(&pod_review()).status, 200);
}

/// Starts a webhook with memory for one body of a megabyte.
fn with_little_memory() -> InProcess {
    InProcess::start(Limits {
        memory: 2 << 20,
        ..Limits::default()
    })
}

#[test]
fn a_client_that_breaks_off_takes_nothing_with_it() {
    let listener = with_little_memory();
    let large = pod_review_of(1_000_000);
    for _ in 0..10 {
        let mut connection = listener.client().connect().unwrap();
        let head = head("POST", "/mutate", JSON, large.len());
        connection.send(&head).unwrap();
        let _ = connection.send(&large[..900_000]);
    }
    until("the memory is free again", || {
        let mut connection = listener.client().connect().unwrap();
        let reply = connection.post("/mutate", &large).unwrap();
        assert!(matches!(reply.status, 200 | 503));
        (reply.status == 200).then_some(())
    });
}

#[test]
fn an_overload_is_a_503_at_once_without_retry_after() {
    let listener = with_little_memory();
    let large = pod_review_of(1_000_000);
    let mut holding = listener.client().connect().unwrap();
    holding
        .send(&head("POST", "/mutate", JSON, large.len()))
        .unwrap();
    holding.send(&large[..990_000]).unwrap();
    let refused = until("overload", || {
        let mut connection = listener.client().connect().unwrap();
        let reply = connection.post("/mutate", &pod_review_of(800_000)).unwrap();
        (reply.status != 200).then_some(reply)
    });
    assert_eq!(refused.status, 503);
    assert_eq!(refused.header("retry-after"), None);
    assert!(refused.closes());
    // Smaller requests still get their memory, and the large one may finish.
    for review in [pod_review(), pod_review_of(100_000)] {
        let mut connection = listener.client().connect().unwrap();
        assert_eq!(connection.post("/mutate", &review).unwrap().status, 200);
    }
    holding.send(&large[990_000..]).unwrap();
    assert_eq!(holding.receive().unwrap().status, 200);
    let page = listener.metrics.text();
    assert!(page.contains("endpoint=\"mutate\",code=\"503\""), "{page}");
}

/// Large reviews that come faster than berth decides are refused soon, and the small ones are answered all the same. The
/// connection stays: another would cost more than the refusal.
#[test]
fn large_reviews_wait_for_their_turn_and_not_for_long() {
    let listener = InProcess::start(Limits {
        turns: 0,
        memory: 1 << 20,
        ..Limits::default()
    });
    let mut connection = listener.client().connect().unwrap();
    // What is refused takes no memory, so that the longest fits too.
    for length in [70_000, 2_000_000].repeat(10) {
        let begun = Instant::now();
        let reply = connection.post("/mutate", &pod_review_of(length)).unwrap();
        assert_eq!(
            (reply.status, reply.text()),
            (503, "overloaded\n".to_owned())
        );
        assert!(reply.header("retry-after").is_none(), "R5.20");
        assert!(begun.elapsed() < Duration::from_secs(2));
        assert!(!reply.closes());
        for review in [pod_review(), pod_review_of(60_000)] {
            assert_eq!(connection.post("/mutate", &review).unwrap().status, 200);
        }
    }
}

/// A large review has its turn only while its body arrives. One that stalls keeps the turn from nobody.
#[test]
fn a_stalled_body_keeps_no_turn() {
    let listener = InProcess::start(Limits {
        turns: 1,
        ..Limits::default()
    });
    // The shorter one is decided on by the thread that serves its connection, the longer one by another.
    for length in [100_000, 300_000] {
        let large = pod_review_of(length);
        let third = large.len() / 3;
        let mut stalled = listener.client().connect().unwrap();
        stalled
            .send(&head("POST", "/mutate", JSON, large.len()))
            .unwrap();
        let mut begin = 0;
        for end in [0, third, 2 * third, large.len()] {
            let mut other = listener.client().connect().unwrap();
            for _ in 0..3 {
                assert_eq!(other.post("/mutate", &large).unwrap().status, 200, "{end}");
            }
            stalled.send(&large[begin..end]).unwrap();
            begin = end;
        }
        assert_eq!(stalled.receive().unwrap().status, 200);
    }
}

#[test]
fn silent_connections_keep_nobody_out() {
    let server = Server::start(&["--max-connections=8"]);
    let mut asked = server.client().connect().unwrap();
    assert_eq!(asked.post("/mutate", &pod_review()).unwrap().status, 200);
    let address = server.client().address();
    let silent: Vec<_> = (0..50)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    for _ in 0..20 {
        let mut next = server.client().connect().unwrap();
        assert_eq!(next.post("/mutate", &pod_review()).unwrap().status, 200);
    }
    // Who has asked stays.
    assert_eq!(asked.post("/mutate", &pod_review()).unwrap().status, 200);
    drop(silent);
}

/// A process that may open few files takes fewer connections, and answers probes while all are taken.
#[test]
fn connections_leave_files_for_the_probes() {
    let server = Server::with_few_open_files(180);
    server.logs("accepts fewer connections than --max-connections");
    let address = server.client().address();
    let open: Vec<_> = (0..300)
        .map_while(|_| TcpStream::connect(address).ok())
        .collect();
    for _ in 0..5 {
        assert_eq!(server.get("/livez").status, 200);
    }
    assert!(!server.log().contains("cannot accept connections"));
    drop(open);
}

#[test]
fn stalled_bodies_keep_no_usual_one_out() {
    let server = Server::start(&[]);
    let large = pod_review_of(8_000_000);
    let mut stalled = Vec::new();
    for _ in 0..8 {
        let mut connection = server.client().connect().unwrap();
        let head = head("POST", "/mutate", JSON, large.len());
        connection.send(&head).unwrap();
        let _ = connection.send(&large[..7_900_000]);
        stalled.push(connection);
    }
    for _ in 0..20 {
        assert_eq!(server.mutate(&pod_review()).status, 200);
    }
}

#[test]
fn connections_above_the_limit_are_closed_at_once() {
    let server = Server::start(&["--max-connections=1"]);
    let mut first = server.client().connect().unwrap();
    assert_eq!(first.post("/mutate", &pod_review()).unwrap().status, 200);
    assert!(server.client().connect().is_err());
    let refused = ["socket=\"webhook\"", "cause=\"limit\""];
    assert!(server.metric("berth_connections_refused_total", &refused) >= 1.0);
    assert_eq!(first.post("/mutate", &pod_review()).unwrap().status, 200);
    drop(first);
    until("the place is free again", || {
        let mut next = server.client().connect().ok()?;
        next.post("/mutate", &pod_review()).ok()
    });
}

#[test]
fn a_client_is_told_to_connect_anew_after_some_requests_or_some_time() {
    let listener = InProcess::start(Limits {
        requests: 3,
        ..Limits::default()
    });
    let mut connection = listener.client().connect().unwrap();
    let mut closes = || connection.post("/mutate", &pod_review()).unwrap().closes();
    assert_eq!([closes(), closes(), closes()], [false, false, true]);
    assert!(connection.is_closed_by_server());

    let listener = InProcess::start(Limits {
        lifetime: Duration::from_millis(200),
        ..Limits::default()
    });
    let mut connection = listener.client().connect().unwrap();
    until("the end of its life", || {
        let reply = connection.post("/mutate", &pod_review()).unwrap();
        reply.closes().then_some(())
    });
    assert!(connection.is_closed_by_server());
}

#[test]
fn a_client_that_does_not_begin_is_let_go() {
    let listener = InProcess::start(Limits {
        handshake: Duration::from_millis(200),
        first_head: Duration::from_millis(200),
        ..Limits::default()
    });
    let mut silent = Connection::plain(TcpStream::connect(listener.address).unwrap());
    assert!(silent.is_closed_by_server());
    let mut idle = listener.client().connect().unwrap();
    assert!(idle.is_closed_by_server());
    let mut slow = listener.client().connect().unwrap();
    slow.send(b"POST /mutate HTTP/1.1\r\nhost: ").unwrap();
    assert!(slow.is_closed_by_server());
    let page = listener.metrics.text();
    let refused = "berth_connections_refused_total{socket=\"webhook\",cause=\"timeout\"} 3";
    assert!(page.contains(refused), "{page}");
}

/// The HTTP library bounds idleness by the same timer as the first head, and must not apply the limit of the head
/// (R5.18).
#[test]
fn a_client_that_has_begun_may_idle_longer_than_any_api_server_does() {
    assert!(Limits::default().idle > Duration::from_secs(90));
    let listener = InProcess::start(Limits {
        first_head: Duration::from_millis(100),
        idle: Duration::from_secs(3),
        ..Limits::default()
    });
    let mut connection = listener.client().connect().unwrap();
    for _ in 0..2 {
        assert_eq!(
            connection.post("/mutate", &pod_review()).unwrap().status,
            200
        );
        std::thread::sleep(Duration::from_millis(500));
    }
    let begun = Instant::now();
    assert!(connection.is_closed_by_server());
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn the_ops_listener_serves_one_request_per_connection() {
    let server = Server::start(&[]);
    for (path, text) in [("/livez", "ok\n"), ("/readyz", "ok\n")] {
        let reply = server.get(path);
        assert_eq!((reply.status, reply.text().as_str()), (200, text));
        assert!(reply.closes());
    }
    let page = server.get("/metrics");
    let kind = page.header("content-type").unwrap();
    assert!(kind.starts_with("application/openmetrics-text"));
    assert!(page.text().ends_with("# EOF\n"));
    assert!(server.metric("berth_build_info", &["version=\"0.1.0\""]) > 0.5);
    assert!(server.metric("berth_connections", &["socket=\"ops\""]) > 0.5);
}
