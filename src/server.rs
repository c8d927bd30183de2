//! The two listeners of `berth serve`, with bounds on time, memory and connections that keep them alive.
//!
//! ```text
//!  :8443 ─┐                       ┌▶ webhook ─▶ admission      POST /mutate, /validate   (TLS)
//!         ├▶ connection ─▶ router ┤
//!  :8080 ─┘                       └▶ ops                       GET /livez, /readyz, /metrics, …
//! ```
//!
//! Only a listener spawns tasks: one per connection, in a `JoinSet` that it drains. Large reviews take turns, and the largest are
//! decided on beside the connections, on threads that may block.

pub mod body;
pub mod connection;
pub mod duration;
pub mod http_error;
pub mod last_hour;
pub mod lifecycle;
mod limits;
pub mod linger;
mod occupancy;
pub mod ops;
mod turns;
pub mod webhook;

pub use limits::Limits;

/// The tasks that a worker goes on with before it looks who else has sent something. In an overload some of them take a tenth
/// of a millisecond, and a request that has just come is the one that can still be answered in time.
pub const EVENT_INTERVAL: u32 = 8;
