//! The colours of faults on a terminal.

use anstyle::{AnsiColor, Style};

use crate::preflight::Severity;

/// Returns the colour of a fault of this weight.
pub(super) fn style(severity: Severity) -> Style {
    match severity {
        Severity::Error => AnsiColor::Red.on_default(),
        Severity::Warning => AnsiColor::Yellow.on_default(),
        Severity::Note => Style::new(),
    }
}
