//! The report for a program: one document, whose field names stay as they are.

use std::io::{self, Write};

use super::report::Report;

/// Writes the report.
pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    writeln!(out)
}
