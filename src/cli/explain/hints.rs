//! Hints for somebody who reads a report at a terminal.

use super::report::Summary;
use crate::cli::terminal::Screen;

/// Says how to read more of a reason or a check, if the report names one.
pub(super) fn of_codes(summary: &Summary, screen: Screen) -> Option<String> {
    let hint = "berth explain --code CODE says more of each word";
    (screen.rows.is_some() && summary.names_codes()).then(|| hint.to_owned())
}

/// Says how to read a report in full that is shown as a table because it is long.
pub(super) fn of_table() -> String {
    "-o text shows each workload in full".to_owned()
}
