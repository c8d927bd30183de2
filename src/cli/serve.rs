//! `berth serve`: the webhook.

use std::process::ExitCode;

/// The webhook
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Serves until a signal.
#[must_use]
pub fn run(_: &Args) -> ExitCode {
    ExitCode::FAILURE
}
