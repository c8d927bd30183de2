//! The real binary, as a process of its own.

use std::process::{Command, Output, Stdio};

/// Returns the command `berth`, without anything that this environment would tell it.
pub(crate) fn berth(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_berth"));
    command
        .env_clear()
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs `berth` to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    berth(arguments).output().unwrap()
}
