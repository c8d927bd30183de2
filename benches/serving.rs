//! The process as a whole: first answer, memory, and requests per second over TLS beside a server that answers a
//! constant on the same stack.
//!
//! The server has one processor and the client the other, where `taskset` is there to say so. The two servers take
//! turns in every round, so that a noisy machine disturbs both.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot be set up has failed; what it prints is what it is for"
)]

#[path = "../tests/it/harness/anyone.rs"]
mod anyone;
mod support;

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyone::Anyone;
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use berth::metrics::{Metrics, Socket};
use berth::server::Limits;
use berth::server::connection::Listener;
use berth::server::lifecycle::{Lifecycle, Phase};
use berth::tls::{Certificates, server_config};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 16;
const STARTS: usize = 15;

fn main() {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .expect("no other provider");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    if std::env::args().any(|argument| argument == "constant") {
        return runtime.block_on(serve_constant());
    }
    runtime.block_on(measure());
}

/// The same listener, TLS and HTTP as berth's, and a body that is read and not looked at.
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

/// A server in a process of its own, ended with this value.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start(program: &str, arguments: &[&str]) -> Self {
        let pinned = Command::new("taskset").arg("--version").output().is_ok();
        let mut command = if pinned {
            Command::new("taskset")
        } else {
            Command::new(program)
        };
        if pinned {
            command.args(["-c", "0", program]);
        }
        let mut process = command
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .expect("a server");
        let lines = BufReader::new(process.stderr.take().expect("its standard error")).lines();
        let mut lines = lines.map_while(Result::ok);
        let address = lines
            .find_map(|line| {
                Some(
                    line.split_once("\"webhook\":\"")?
                        .1
                        .split_once('"')?
                        .0
                        .parse()
                        .expect("an address"),
                )
            })
            .expect("an address in the first lines");
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address }
    }

    fn berth() -> Self {
        let port = "127.0.0.1:0";
        Self::start(
            env!("CARGO_BIN_EXE_berth"),
            &[
                "serve",
                "--listen",
                port,
                "--ops-listen",
                port,
                "--log-format",
                "json",
            ],
        )
    }

    fn constant() -> Self {
        let own = std::env::current_exe().expect("a program has a path");
        Self::start(own.to_str().expect("a path in UTF-8"), &["constant"])
    }

    /// Resident memory in KiB, where the system tells.
    fn resident(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?
            .split_whitespace()
            .next()?
            .parse()
            .ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn measure() {
    let body = support::review(12 * 1024);
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let begun = Instant::now();
        let server = Server::berth();
        Client::new(server.address, &body).await.ask().await;
        starts.push(begun.elapsed());
    }
    starts.sort_unstable();
    println!(
        "first answer after exec: median {:?} of {STARTS}, most {:?}",
        starts[STARTS / 2],
        starts[STARTS - 1]
    );

    let (berth, constant) = (Server::berth(), Server::constant());
    // Whatever is to be allocated once has been by the second connection.
    Client::new(berth.address, &body).await.ask().await;
    println!("resident when idle: {:?} KiB", berth.resident());

    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let answered = (
            load(berth.address, &body).await,
            load(constant.address, &body).await,
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
    println!("resident after that: {:?} KiB", berth.resident());
}

/// Requests per second of a closed loop on each of some connections.
async fn load(address: SocketAddr, body: &[u8]) -> f64 {
    let begun = Instant::now();
    let clients = (0..CONNECTIONS).map(|_| {
        let body = body.to_vec();
        tokio::task::spawn(async move {
            let mut client = Client::new(address, &body).await;
            let mut answered = 0_u32;
            while begun.elapsed() < ROUND {
                if client.ask().await {
                    client = Client::new(address, &body).await;
                }
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
    f64::from(answered) / begun.elapsed().as_secs_f64()
}

/// A connection that is kept alive, as the API server keeps its own.
struct Client {
    stream: TlsStream<TcpStream>,
    request: Vec<u8>,
    buffer: Vec<u8>,
}

impl Client {
    async fn new(address: SocketAddr, body: &[u8]) -> Self {
        let tls = rustls::ClientConfig::builder()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anyone))
            .with_no_client_auth();
        let tcp = TcpStream::connect(address).await.expect("a connection");
        tcp.set_nodelay(true).expect("a socket");
        let name = ServerName::try_from("localhost").expect("a name");
        let stream = TlsConnector::from(Arc::new(tls))
            .connect(name, tcp)
            .await
            .expect("TLS");
        let head = format!(
            "POST /mutate?timeout=2s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let request = [head.as_bytes(), body].concat();
        Self {
            stream,
            request,
            buffer: Vec::with_capacity(8192),
        }
    }

    /// Sends the request and reads the answer; tells whether the server is about to close the connection.
    async fn ask(&mut self) -> bool {
        self.stream
            .write_all(&self.request)
            .await
            .expect("a request sent");
        self.stream.flush().await.expect("a request sent");
        self.buffer.clear();
        loop {
            assert!(
                self.stream
                    .read_buf(&mut self.buffer)
                    .await
                    .expect("an answer")
                    > 0,
                "the server closed"
            );
            let Some(end) = self
                .buffer
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
            else {
                continue;
            };
            let head = std::str::from_utf8(&self.buffer[..end])
                .expect("ASCII")
                .to_ascii_lowercase();
            assert!(head.starts_with("http/1.1 200"), "{head}");
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .expect("a length");
            if self.buffer.len() == end + 4 + length.parse::<usize>().expect("a number") {
                return head.contains("connection: close");
            }
        }
    }
}
