//! The end of a report for a person: the summary, what holds for the whole input, and where to read on.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::report::Summary;
use super::summary::summary;
use crate::cli::output::clean;
use crate::cli::paper::Paper;

const DIM: Style = Style::new().dimmed();
const YELLOW: Style = AnsiColor::Yellow.on_default();

/// Writes the end of a report. The hints are for somebody at a terminal.
pub(super) fn close(
    of: &Summary,
    hints: &[String],
    paper: &mut Paper<'_, impl Write>,
) -> io::Result<()> {
    paper.paragraph(&summary(of))?;
    for warning in &of.warnings {
        paper.paragraph(&[(clean(format!("warning: {warning}")), YELLOW)])?;
    }
    if let Some(note) = of.assumption() {
        paper.paragraph(&[(clean(format!("note: {note}")), DIM)])?;
    }
    for hint in hints {
        paper.paragraph(&[(hint.clone(), DIM)])?;
    }
    Ok(())
}
