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

/// At most as many warnings as anyone reads; the last one counts the rest. What is told of one finding leaves room for the
/// others.
pub(super) fn bounded(told: Vec<Vec<String>>) -> Vec<String> {
    let total: usize = told.iter().map(Vec::len).sum();
    if total <= WARNINGS {
        return told.into_iter().flatten().collect();
    }
    let mut kept = vec![0; told.len()];
    let mut room = WARNINGS - 1;
    for round in 0..WARNINGS {
        for (kept, lines) in kept.iter_mut().zip(&told) {
            if room > 0 && round < lines.len() {
                *kept += 1;
                room -= 1;
            }
        }
    }
    let told = told.into_iter().zip(kept);
    let mut warnings: Vec<String> = told
        .flat_map(|(lines, kept)| lines.into_iter().take(kept))
        .collect();
    warnings.push(format!("berth: ...and {} more", total - warnings.len()));
    warnings
}
