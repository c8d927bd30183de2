//! Warnings as the API server passes them on: short, few and fit for a header (R5.4).

use crate::validation::Finding;

/// The API server's own limit for a warning that is shown whole.
const WARNING_CHARACTERS: usize = 120;
/// More than this many warnings would not be read.
const WARNINGS: usize = 5;

/// A warning as a header can carry it: printable ASCII, of bounded length (R5.4).
pub(super) fn warning(text: &str) -> String {
    let printable = text.chars().map(|char| {
        if char.is_ascii_graphic() || char == ' ' {
            char
        } else {
            '?'
        }
    });
    let mut warning: String = printable.take(WARNING_CHARACTERS + 1).collect();
    if warning.len() > WARNING_CHARACTERS {
        warning.truncate(WARNING_CHARACTERS - 3);
        warning.push_str("...");
    }
    warning
}

/// What an author is told of a finding: one line for each of its parts, or for as many as fit into one.
pub(super) fn told(finding: &Finding) -> Vec<String> {
    let start = format!("berth: {}: ", finding.check);
    let mut lines: Vec<String> = Vec::new();
    for part in &finding.lines {
        match lines.last_mut() {
            Some(line)
                if line.chars().count() + "; ".len() + part.chars().count()
                    <= WARNING_CHARACTERS =>
            {
                line.push_str("; ");
                line.push_str(part);
            }
            _ => lines.push(format!("{start}{part}")),
        }
    }
    lines.iter().map(|line| warning(line)).collect()
}

/// At most as many warnings as anyone reads; the last one counts the rest.
pub(super) fn bounded(mut warnings: Vec<String>) -> Vec<String> {
    if warnings.len() > WARNINGS {
        let rest = warnings.len() - WARNINGS + 1;
        warnings.truncate(WARNINGS - 1);
        warnings.push(format!("berth: ...and {rest} more"));
    }
    warnings
}
