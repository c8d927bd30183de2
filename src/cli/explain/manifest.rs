//! The manifests as they would be after the webhook: whole, or as a difference.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde_json::Value;
use similar::TextDiff;

use super::super::yaml;
use super::judge::{Entry, Outcome, Report};
use crate::cli::input::Document;
use crate::cli::path::{FieldPath, Segment};

/// Writes every document of the input, in its order: the ones that are patched anew, all others as they were written.
pub(super) fn write_yaml(report: &Report<'_, '_>, out: &mut impl Write) -> io::Result<()> {
    let mut entries = report.entries.iter().peekable();
    for (position, document) in report.documents.iter().enumerate() {
        let mut patched = None;
        while let Some(entry) = entries.next_if(|entry| entry.document == position) {
            if let (Some(new), Ok(value)) = (patch_of(entry), &document.value) {
                let whole = patched.get_or_insert_with(|| value.clone());
                if let Some(object) = step_into(whole, &entry.path) {
                    *object = new.clone();
                }
            }
        }
        match (&patched, &document.value) {
            (Some(value), _) => write!(out, "---\n{}", yaml(value)?)?,
            // JSON is YAML, but not to every reader.
            (None, Ok(value)) if document.text.trim_start().starts_with(['{', '[']) => {
                write!(out, "---\n{}", yaml(value)?)?;
            }
            (None, Ok(_)) => verbatim(document, out)?,
            (None, Err(_)) => writeln!(out, "---\n# left out: {}", document.place)?,
        }
    }
    Ok(())
}

/// Writes what would change, as `diff -u` does. Both sides are written anew, so that nothing but additions shows.
pub(super) fn write_diff(report: &Report<'_, '_>, out: &mut impl Write) -> io::Result<()> {
    for entry in &report.entries {
        let Some(new) = patch_of(entry) else { continue };
        let document = &report.documents[entry.document];
        let old = document.value.as_ref().ok();
        let Some(old) = old.and_then(|old| find(old, &entry.path)) else {
            continue;
        };
        let (old, new) = (yaml(old)?, yaml(new)?);
        let name = |suffix| {
            let name = format!("{}\t{}{suffix}", entry.place.file, entry.identity);
            name.replace(|char: char| char.is_control() && char != '\t', "\u{fffd}")
        };
        let difference = TextDiff::from_lines(&old, &new)
            .unified_diff()
            .context_radius(3)
            .header(&name(""), &name(" as placed"))
            .to_string();
        for (position, line) in difference.lines().enumerate() {
            let style = match line.bytes().next() {
                _ if position < 2 => Style::new().bold(),
                Some(b'+') => AnsiColor::Green.on_default(),
                Some(b'-') => AnsiColor::Red.on_default(),
                Some(b'@') => AnsiColor::Cyan.on_default(),
                _ => Style::new(),
            };
            writeln!(out, "{style}{line}{style:#}")?;
        }
    }
    Ok(())
}

fn patch_of<'e>(entry: &'e Entry<'_, '_>) -> Option<&'e Value> {
    match &entry.outcome {
        Outcome::Explained(explanation) => explanation.patched.as_ref(),
        Outcome::Refused { .. } | Outcome::Skipped => None,
    }
}

fn find<'v>(value: &'v Value, path: &FieldPath) -> Option<&'v Value> {
    path.0
        .iter()
        .try_fold(value, |value, segment| match segment {
            Segment::Key(key) | Segment::Entry(key) => value.get(key),
            Segment::Index(index) => value.get(index),
        })
}

fn step_into<'v>(value: &'v mut Value, path: &FieldPath) -> Option<&'v mut Value> {
    path.0
        .iter()
        .try_fold(value, |value, segment| match segment {
            Segment::Key(key) | Segment::Entry(key) => value.get_mut(key),
            Segment::Index(index) => value.get_mut(index),
        })
}

fn verbatim(document: &Document, out: &mut impl Write) -> io::Result<()> {
    let text = &document.text;
    // What stood on the separator's own line goes there again.
    let separator = if document.separated { "---" } else { "---\n" };
    write!(out, "{separator}{text}")?;
    if text.ends_with('\n') {
        Ok(())
    } else {
        writeln!(out)
    }
}
