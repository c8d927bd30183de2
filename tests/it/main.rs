//! The integration tests, in one binary.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod boundary;
mod bounds;
mod cases;
mod checks;
mod dashboard;
mod definition;
mod docs;
mod explain;
mod generate;
mod harness;
mod laws;
mod lifecycle;
mod manifests;
mod monitoring;
mod oracle;
#[path = "../monitoring/panels.rs"]
mod panels;
mod reviews;
mod rotation;
mod scheduler;
mod serving;
mod tidy;
mod transport;
