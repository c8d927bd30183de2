//! `berth explain`: where workloads would go, and why, offline.

use std::process::ExitCode;

/// Where workloads would go
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Explains.
#[must_use]
pub fn run(_: &Args) -> ExitCode {
    ExitCode::FAILURE
}
