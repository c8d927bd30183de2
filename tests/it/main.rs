//! The integration tests, in one binary.

mod cases;
mod generate;
mod harness;
mod laws;
mod manifests;
mod oracle;
mod scheduler;
mod tidy;
mod explain;
