//! The integration tests, in one binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bounds;
mod harness;
mod lifecycle;
mod rotation;
mod serving;
mod transport;
