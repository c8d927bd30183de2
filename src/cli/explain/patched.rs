//! The manifests as the webhook would change them: whole, or as a difference.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use similar::TextDiff;

use super::anew::{self, PatchAt};
use super::examine::Examination;
use super::remarks::remarks;
use super::report::{Examined, Fate};
use crate::cli::files::Manifest;
use crate::cli::output::yaml;

/// Examines the input, and writes every manifest of it in its order: patched ones anew, all others as they were
/// written. Returns remarks for standard error.
pub(super) fn write_yaml(
    manifests: &[Manifest],
    examination: &mut Examination<'_>,
    out: &mut impl Write,
) -> io::Result<Vec<String>> {
    let mut said = Vec::new();
    for manifest in manifests {
        let mut patches = Vec::new();
        examination.manifest(manifest, &mut |object| {
            said.extend(remarks(&object));
            patches.extend(patch_of(object));
            Ok(())
        })?;
        let is_json = manifest.text().trim_start().starts_with(['{', '[']);
        if manifest.content.is_err() {
            writeln!(out, "---\n# left out: {}", manifest.location)?;
        } else if patches.is_empty() && !is_json {
            verbatim(manifest, out)?;
        } else {
            // JSON is YAML, but not to every reader.
            anew::write(manifest, &patches, out)?;
        }
    }
    Ok(said)
}

/// Examines the input, and writes the changes, as `diff -u` does. Both sides are written anew, so that only additions
/// show. Returns remarks for standard error.
pub(super) fn write_diff(
    manifests: &[Manifest],
    examination: &mut Examination<'_>,
    out: &mut impl Write,
) -> io::Result<Vec<String>> {
    let mut said = Vec::new();
    for manifest in manifests {
        examination.manifest(manifest, &mut |object| {
            said.extend(remarks(&object));
            difference(&object, out)
        })?;
    }
    Ok(said)
}

fn difference(object: &Examined<'_, '_>, out: &mut impl Write) -> io::Result<()> {
    let (Some(old), Fate::Explained(explanation)) = (object.value, &object.fate) else {
        return Ok(());
    };
    let Some(new) = &explanation.patched else {
        return Ok(());
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
    Ok(())
}

/// Returns an object's path and its patch; `None` if the server would leave it as it is.
fn patch_of(object: Examined<'_, '_>) -> Option<PatchAt> {
    match object.fate {
        Fate::Explained(explanation) => {
            explanation.patched?;
            Some((object.path, explanation.patch))
        }
        Fate::Unreadable(_) | Fate::Skipped => None,
    }
}

fn verbatim(manifest: &Manifest, out: &mut impl Write) -> io::Result<()> {
    let text = manifest.text();
    // A comment on the separator's own line stays there.
    let separator = if manifest.separated { "---" } else { "---\n" };
    write!(out, "{separator}{text}")?;
    if text.ends_with('\n') {
        Ok(())
    } else {
        writeln!(out)
    }
}
