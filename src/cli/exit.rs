//! The exit codes of the commands, besides success and failure.

/// `berth check` found errors.
pub(super) const FAULTS: u8 = 2;

/// Bad usage or configuration: `EX_USAGE` of sysexits.h.
pub(super) const USAGE: u8 = 64;
