//! The bounds of a listener.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use std::time::Duration;

/// The bounds of a listener. An API server stays within the defaults. A client that does not is disconnected.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Open connections; 512. One API server keeps 25 idle, and opens more under load.
    pub connections: usize,
    /// Time for the TLS handshake; 10 s. The API server itself waits as long.
    pub handshake: Duration,
    /// Time from the handshake to the complete head of the first request; 30 s.
    pub first_head: Duration,
    /// Time from one answer to the complete head of the next request; 120 s. An API server closes an idle connection
    /// after 90 s. A listener that closes earlier fails the request that the API server is just sending.
    pub idle: Duration,
    /// Requests on one connection before the listener asks the client to open another; 1000. This moves load to new
    /// replicas.
    pub requests: u32,
    /// Age of a connection, give or take a fifth, at which the listener asks the client to open another; 60 s.
    pub lifetime: Duration,
    /// Bytes of a body; 8 MiB. The API server accepts objects of up to 3 MiB, and an UPDATE carries two.
    pub body: usize,
    /// Time from the head of a request to the end of its body; 5 s.
    pub body_time: Duration,
    /// Time for a whole request, even if its caller would wait longer; 10 s.
    pub request_time: Duration,
    /// Bytes of all bodies in memory together; 32 MiB. With the allocator's share, the process peaks at some three
    /// times as much.
    pub memory: usize,
    /// Large reviews that are read and decided on, or refused, at once; one for each processor.
    pub turns: usize,
    /// Bytes that a closing connection reads and drops, so that the last answer is not lost; 32 MiB, four times the longest
    /// body.
    pub linger: usize,
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
            turns: available_parallelism().map_or(1, NonZeroUsize::get),
            linger: 32 << 20,
            finish: Duration::from_secs(10),
        }
    }
}

impl Limits {
    /// Returns the bounds of the ops listener: one short request per connection, so that no client can keep the probes
    /// out for long by holding connections.
    #[must_use]
    pub fn ops() -> Self {
        Self {
            connections: 64,
            first_head: Duration::from_secs(5),
            idle: Duration::from_secs(5),
            requests: 1,
            // No request of this port has a body.
            linger: 64 << 10,
            finish: Duration::from_secs(1),
            ..Self::default()
        }
    }
}
