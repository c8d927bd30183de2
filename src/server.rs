//! The two listeners of `berth serve`, and what keeps them alive: bounds on time, memory and connections.
//!
//! ```text
//!  :8443 ─┐                       ┌▶ webhook ─▶ admission      POST /mutate, /validate   (TLS)
//!         ├▶ connection ─▶ router ┤
//!  :8080 ─┘                       └▶ ops                       GET /livez, /readyz, /metrics
//! ```
//!
//! Only a listener spawns: one task per connection, in a `JoinSet` that it drains.

pub mod body;
pub mod connection;
pub mod duration;
pub mod linger;
pub mod ops;
pub mod refusal;
pub mod shutdown;
pub mod webhook;

use std::time::Duration;

/// The bounds of a listener. An API server works within the defaults; whoever does not is let go.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Open connections; 512. One API server keeps 25 idle, and bursts beyond.
    pub connections: usize,
    /// Time for the TLS handshake; 10 s, as long as the API server itself waits for one.
    pub handshake: Duration,
    /// Time from the handshake to the complete head of the first request; 30 s.
    pub first_head: Duration,
    /// Time from one answer to the complete head of the next request; 120 s. An API server closes after 90 s: closing
    /// earlier than it does would fail the request that it is just sending.
    pub idle: Duration,
    /// Requests on one connection until the client is told to open another; 1000. So load moves to new replicas.
    pub requests: u32,
    /// Age of a connection until the client is told to open another, give or take a fifth; 60 s.
    pub lifetime: Duration,
    /// Bytes of a body; 8 MiB. The API server accepts objects of up to 3 MiB, and an UPDATE carries two.
    pub body: usize,
    /// Time from the head of a request to the end of its body; 5 s.
    pub body_time: Duration,
    /// The most that a request may take, whatever its caller would wait; 10 s.
    pub request_time: Duration,
    /// Bytes of all bodies together while they are in memory; 32 MiB. With the allocator's share, the process peaks at
    /// some three times as much.
    pub memory: usize,
    /// Time for the requests in flight once the listener closes; 10 s.
    pub finish: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            handshake: Duration::from_secs(10),
            first_head: Duration::from_secs(30),
            idle: Duration::from_mins(2),
            requests: 1000,
            lifetime: Duration::from_mins(1),
            body: 8 << 20,
            body_time: Duration::from_secs(5),
            request_time: Duration::from_secs(10),
            memory: 32 << 20,
            finish: Duration::from_secs(10),
        }
    }
}

impl Limits {
    /// The bounds of the ops listener: one short request per connection, so that nobody can keep the probes out for
    /// long by holding connections.
    #[must_use]
    pub fn ops() -> Self {
        Self {
            connections: 64,
            first_head: Duration::from_secs(5),
            idle: Duration::from_secs(5),
            requests: 1,
            finish: Duration::from_secs(1),
            ..Self::default()
        }
    }
}
