//! The process as a whole: first answer, memory, and requests per second over TLS beside a server that answers a
//! constant on the same stack. With `-- endurance`, and a number of requests if one million are too few, it is memory after
//! so many of them.
//!
//! The server has one processor and the client the other, where `taskset` is there to say so. The two servers take
//! turns in every round, so that a noisy machine disturbs both.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot be set up has failed; what it prints is what it is for"
)]

#[path = "support/program.rs"]
mod program;
mod support;
#[path = "support/webhook.rs"]
mod webhook;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use berth::metrics::{Metrics, Socket};
use berth::server::connection::Listener;
use berth::server::lifecycle::{Lifecycle, Phase};
use berth::server::{EVENT_INTERVAL, Limits};
use berth::tls::{Certificates, server_config};
use webhook::{Client, Memory, Processors, Server, request};

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 16;
const STARTS: usize = 15;
/// The number of requests after which memory is looked at first. Each further look comes after ten times as many.
const FIRST_LOOK: usize = 10_000;

fn main() {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .expect("no other provider");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .event_interval(EVENT_INTERVAL)
        .enable_all()
        .build()
        .expect("a runtime");
    let mut arguments = std::env::args();
    match arguments.find(|argument| ["constant", "endurance"].contains(&argument.as_str())) {
        Some(constant) if constant == "constant" => runtime.block_on(serve_constant()),
        Some(_) => {
            let number = arguments.find_map(|argument| argument.parse().ok());
            runtime.block_on(endure(number.unwrap_or(1_000_000)));
        }
        None => runtime.block_on(measure()),
    }
}

/// The same runtime, listener, TLS and HTTP as berth's, and a body that is read and not looked at.
async fn serve_constant() {
    let certificates = Arc::new(Certificates::self_signed().expect("a certificate"));
    let lifecycle = Lifecycle::default();
    let answer = support::usual(&support::review(3 * 1024));
    let router = Router::new().route("/mutate", post(|_: Bytes| async move { answer }));
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a port");
    eprintln!(
        "{{\"webhook\":\"{}\"}}",
        listener.local_addr().expect("an address")
    );
    let server = Listener {
        socket: Socket::Webhook,
        router,
        tls: Some(Arc::new(server_config(certificates))),
        limits: Limits::default(),
        metrics: Arc::new(Metrics::default()),
        phase: lifecycle.subscribe(),
        until: Phase::Closing,
    };
    server.run(listener).await;
}

async fn measure() {
    let body = support::review(12 * 1024);
    let review = request("mutate", &body);
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let begun = Instant::now();
        let server = Server::berth(Processors::All);
        Client::new(server.address).await.ask(&review).await;
        starts.push(begun.elapsed());
    }
    starts.sort_unstable();
    println!(
        "first answer after exec: median {:?} of {STARTS}, most {:?}",
        starts[STARTS / 2],
        starts[STARTS - 1]
    );

    let own = std::env::current_exe().expect("a program has a path");
    let own = own.to_str().expect("a path in UTF-8");
    let berth = Server::berth(Processors::One);
    let constant = Server::start(own, &["constant"], Processors::One);
    // The first request makes what lasts.
    Client::new(berth.address).await.ask(&review).await;
    println!("when idle: {}", told(berth.memory()));

    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let answered = (
            load(berth.address, &review).await,
            load(constant.address, &review).await,
        );
        rounds.push(answered);
    }
    let of = |pick: fn(&(f64, f64)) -> f64| {
        let mut values: Vec<f64> = rounds.iter().map(pick).collect();
        values.sort_unstable_by(f64::total_cmp);
        values[ROUNDS / 2]
    };
    println!(
        "requests per second, medians of {ROUNDS} rounds of {ROUND:?}, {} bytes, {CONNECTIONS} connections:",
        body.len()
    );
    println!(
        "  berth {:.0}, constant {:.0}, ratio {:.2}",
        of(|it| it.0),
        of(|it| it.1),
        of(|it| it.0 / it.1)
    );
    println!("after that: {}", told(berth.memory()));
}

/// Requests per second of a closed loop on each of some connections.
///
/// Between two answers the clients look for the next and never sleep. To wake them would be work of the server, on one machine
/// alone, and the more so the slower it is.
async fn load(address: SocketAddr, request: &[u8]) -> f64 {
    let awake = tokio::task::spawn(async {
        loop {
            tokio::task::yield_now().await;
        }
    });
    let begun = Instant::now();
    let clients = (0..CONNECTIONS).map(|_| {
        let request = request.to_vec();
        tokio::task::spawn(async move {
            let mut client = Client::new(address).await;
            let mut answered = 0_u32;
            while begun.elapsed() < ROUND {
                client.ask(&request).await;
                answered += 1;
            }
            answered
        })
    });
    let clients: Vec<_> = clients.collect();
    let mut answered = 0;
    for client in clients {
        answered += client.await.expect("no panic");
    }
    awake.abort();
    f64::from(answered) / begun.elapsed().as_secs_f64()
}

/// Memory of a berth after ever more requests: to both endpoints, small ones and large ones.
async fn endure(number: usize) {
    let berth = Server::berth(Processors::One);
    let sizes = [1024, 3 * 1024, 12 * 1024].map(support::review);
    let endpoints = ["mutate", "validate"].into_iter();
    let requests: Arc<[Vec<u8>]> = endpoints
        .flat_map(|endpoint| sizes.iter().map(|body| request(endpoint, body)))
        .collect();
    let (begun, mut answered, mut next) = (Instant::now(), 0, FIRST_LOOK);
    while answered < number {
        let until = next.min(number);
        ask(berth.address, &requests, until - answered).await;
        answered = until;
        next *= 10;
        println!(
            "after {answered} requests, {:.0} s: {}",
            begun.elapsed().as_secs_f64(),
            told(berth.memory())
        );
    }
}

/// Sends at least so many requests over some connections.
async fn ask(address: SocketAddr, requests: &Arc<[Vec<u8>]>, number: usize) {
    let clients = (0..CONNECTIONS).map(|first| {
        let requests = Arc::clone(requests);
        tokio::task::spawn(async move {
            let mut client = Client::new(address).await;
            let requests = requests.iter().cycle().skip(first);
            for request in requests.take(number.div_ceil(CONNECTIONS)) {
                client.ask(request).await;
            }
        })
    });
    let clients: Vec<_> = clients.collect();
    for client in clients {
        client.await.expect("no panic");
    }
}

fn told(memory: Option<Memory>) -> String {
    memory.map_or_else(|| "unknown".to_owned(), |memory| memory.to_string())
}
