//! The manifests as the webhook would change them: whole, or as a difference.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde_json::Value;
use similar::TextDiff;

use super::report::{Examined, Fate, Report};
use crate::cli::files::Manifest;
use crate::cli::output::yaml;
use crate::encoding::field::{FieldPath, Segment};

/// Writes every manifest of the input, in its order: patched ones anew, all others as they were written.
pub(super) fn write_yaml(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut objects = report.objects.iter().peekable();
    for (position, manifest) in report.manifests.iter().enumerate() {
        let mut patched = None;
        while let Some(object) = objects.next_if(|object| object.manifest == position) {
            if let (Some(new), Ok(value)) = (patch_of(object), &manifest.value) {
                let whole = patched.get_or_insert_with(|| value.clone());
                if let Some(old) = find_mut(whole, &object.path) {
                    *old = new.clone();
                }
            }
        }
        match (&patched, &manifest.value) {
            (Some(value), _) => write!(out, "---\n{}", yaml(value)?)?,
            // JSON is YAML, but not to every reader.
            (None, Ok(value)) if manifest.text.trim_start().starts_with(['{', '[']) => {
                write!(out, "---\n{}", yaml(value)?)?;
            }
            (None, Ok(_)) => verbatim(manifest, out)?,
            (None, Err(_)) => writeln!(out, "---\n# left out: {}", manifest.location)?,
        }
    }
    Ok(())
}

/// Writes the changes, as `diff -u` does. Both sides are written anew, so that only additions show.
pub(super) fn write_diff(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    for object in &report.objects {
        let Some(new) = patch_of(object) else {
            continue;
        };
        let manifest = &report.manifests[object.manifest];
        let old = manifest.value.as_ref().ok();
        let Some(old) = old.and_then(|old| find(old, &object.path)) else {
            continue;
        };
        let (old, new) = (yaml(old)?, yaml(new)?);
        let name = |suffix| {
            let name = format!("{}\t{}{suffix}", object.location.file, object.identity);
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

fn patch_of<'e>(object: &'e Examined<'_>) -> Option<&'e Value> {
    match &object.fate {
        Fate::Explained(explanation) => explanation.patched.as_ref(),
        Fate::Refused(_) | Fate::Skipped => None,
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

fn find_mut<'v>(value: &'v mut Value, path: &FieldPath) -> Option<&'v mut Value> {
    path.0
        .iter()
        .try_fold(value, |value, segment| match segment {
            Segment::Key(key) | Segment::Entry(key) => value.get_mut(key),
            Segment::Index(index) => value.get_mut(index),
        })
}

fn verbatim(manifest: &Manifest, out: &mut impl Write) -> io::Result<()> {
    let text = &manifest.text;
    // A comment on the separator's own line stays there.
    let separator = if manifest.separated { "---" } else { "---\n" };
    write!(out, "{separator}{text}")?;
    if text.ends_with('\n') {
        Ok(())
    } else {
        writeln!(out)
    }
}
