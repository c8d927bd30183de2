//! A webhook in a process of its own, and a client of it that keeps its connection, as the API server does.

#[path = "../../tests/it/harness/anyone.rs"]
mod anyone;

use std::fmt;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use anyone::Anyone;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The processors that a server may use.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Processors {
    All,
    /// One, where `taskset` is there to say so. That is a program of its own, which takes a while to start.
    One,
}

/// A server in a process of its own, ended with this value.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a program that logs its address.
    pub(crate) fn start(program: &str, arguments: &[&str], processors: Processors) -> Self {
        let pinned = processors == Processors::One
            && Command::new("taskset").arg("--version").output().is_ok();
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

    pub(crate) fn berth(processors: Processors) -> Self {
        let port = "127.0.0.1:0";
        Self::start(
            &super::program::berth(),
            &[
                "serve",
                "--listen",
                port,
                "--ops-listen",
                port,
                "--log-format",
                "json",
            ],
            processors,
        )
    }

    /// Returns the memory of the process, or `None` where the system does not tell.
    pub(crate) fn memory(&self) -> Option<Memory> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let of = |field: &str| {
            let mut lines = status.lines();
            let text = lines.find_map(|line| line.strip_prefix(field))?;
            text.split_whitespace().next()?.parse().ok()
        };
        Some(Memory {
            resident: of("VmRSS:")?,
            anonymous: of("RssAnon:")?,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The memory of a process, in KiB.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    /// All that is resident, the pages of the program's file included, which the system may drop and read again.
    resident: u64,
    /// The part of it that the process has written.
    anonymous: u64,
}

impl fmt::Display for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            resident,
            anonymous,
        } = self;
        write!(
            formatter,
            "{resident} KiB resident, {anonymous} KiB of it anonymous"
        )
    }
}

/// Returns the bytes of a request for an endpoint.
pub(crate) fn request(endpoint: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST /{endpoint}?timeout=2s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// A connection that is kept, as the API server keeps its own.
pub(crate) struct Client {
    address: SocketAddr,
    stream: TlsStream<TcpStream>,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) async fn new(address: SocketAddr) -> Self {
        Self {
            address,
            stream: connect(address).await,
            buffer: Vec::with_capacity(8192),
        }
    }

    /// Sends a request and reads the answer. Connects again if the server is about to close the connection.
    pub(crate) async fn ask(&mut self, request: &[u8]) {
        self.stream.write_all(request).await.expect("it is sent");
        self.stream.flush().await.expect("it is sent");
        if self.is_last().await {
            self.stream = connect(self.address).await;
        }
    }

    /// Reads an answer. Returns true if the server closes the connection after it.
    async fn is_last(&mut self) -> bool {
        self.buffer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.buffer).await;
            assert!(read.expect("an answer") > 0, "the server closed");
            let mut windows = self.buffer.windows(4);
            let Some(end) = windows.position(|window| window == b"\r\n\r\n") else {
                continue;
            };
            let head = std::str::from_utf8(&self.buffer[..end]).expect("ASCII");
            let head = head.to_ascii_lowercase();
            assert!(head.starts_with("http/1.1 200"), "{head}");
            let mut lines = head.lines();
            let length = lines.find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.expect("a length").parse().expect("a number");
            if self.buffer.len() == end + 4 + length {
                return head.contains("connection: close");
            }
        }
    }
}

async fn connect(address: SocketAddr) -> TlsStream<TcpStream> {
    let tls = rustls::ClientConfig::builder()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone))
        .with_no_client_auth();
    let tcp = TcpStream::connect(address).await.expect("a connection");
    tcp.set_nodelay(true).expect("a socket");
    let name = ServerName::try_from("localhost").expect("a name");
    let connector = TlsConnector::from(Arc::new(tls));
    connector.connect(name, tcp).await.expect("TLS")
}
