//! The exit codes of the commands, besides success and failure.

/// There are findings of the level of `--fail-on`.
pub(super) const FINDINGS: u8 = 2;

/// Bad usage or configuration: `EX_USAGE` of sysexits.h.
pub(super) const USAGE: u8 = 64;
