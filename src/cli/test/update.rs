//! Writes what is found into case files, as what is expected.

use std::fs;
use std::io;

use super::results::{FileResult, Results, Verdict};
use super::source::Source;
use crate::cases::{Misread, rewritten};
use crate::encoding::field::FieldError;

/// Rewrites the cases that do not hold. What cannot be rewritten counts as unreadable, and leaves its file as it is.
pub(super) fn update(sources: &[Source], results: &mut Results) {
    for (source, file) in sources.iter().zip(&mut results.files) {
        let Ok(text) = &source.text else {
            continue;
        };
        let (text, changed) = anew(text, file);
        if changed.is_empty() {
            continue;
        }
        match write(source, &text) {
            Ok(()) => {
                for position in changed {
                    file.cases[position].verdict = Verdict::Updated;
                }
            }
            Err(error) => file.misread.push(Misread {
                line: 0,
                error: FieldError::new(format!("cannot be written: {error}")),
            }),
        }
    }
}

/// Returns the text of a file with new expectations, and the positions of the cases that have some.
fn anew(text: &str, file: &mut FileResult) -> (String, Vec<usize>) {
    let (mut text, mut changed) = (text.to_owned(), Vec::new());
    // From the end, so that the places of the others stay as they are.
    for (position, result) in file.cases.iter().enumerate().rev() {
        let document = &text[result.part.clone()];
        match rewritten(document, &result.case, &result.outcome, result.strictness) {
            Ok(None) => {}
            Ok(Some(document)) => {
                text.replace_range(result.part.clone(), &document);
                changed.push(position);
            }
            Err(error) => file.misread.push(Misread {
                line: result.line,
                error: FieldError::new(error.to_string()).in_field("expect"),
            }),
        }
    }
    (text, changed)
}

/// Writes a file: first beside it, then into its place, so that nobody sees half of it.
fn write(source: &Source, text: &str) -> io::Result<()> {
    // Behind a link, the file itself is replaced.
    let path = fs::canonicalize(&source.path)?;
    let is_as_read = source
        .text
        .as_ref()
        .is_ok_and(|text| fs::read(&path).is_ok_and(|bytes| bytes == text.as_bytes()));
    if !is_as_read {
        let message = "it has changed since it was read, or is not UTF-8 without a byte-order mark";
        return Err(io::Error::other(message));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let written = fs::write(&beside, text)
        .and_then(|()| fs::set_permissions(&beside, fs::metadata(&path)?.permissions()))
        .and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        // The error of the first step is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    written
}
