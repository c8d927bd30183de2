//! The integration tests, in one binary.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod authority;
mod boundary;
mod bounds;
mod cases;
mod cast_ai;
mod chart;
mod checks;
mod commands;
mod dashboard;
mod definition;
mod docs;
mod generate;
mod harness;
mod laws;
mod lifecycle;
mod manifests;
mod metrics;
mod monitoring;
mod oracle;
#[path = "../monitoring/panels.rs"]
mod panels;
mod platforms;
mod release;
mod reviews;
mod rotation;
mod scheduler;
mod serving;
mod tidy;
mod transport;
