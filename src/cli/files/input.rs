//! The documents of files, directories and standard input.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde_json::Value;

use super::directory::{Unlisted, manifest_files};
use super::parse::{self, ParseError};
use crate::encoding::yaml;

/// The most that one file may hold: more than any cluster's dump, and less than would exhaust a machine.
const FILE_BYTES: u64 = 64 * 1024 * 1024;

/// The place of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Location {
    /// The file, as it was named; `-` for standard input.
    pub(in crate::cli) file: String,
    /// The document's number in the file, from 1; `None` for the file as a whole.
    pub(in crate::cli) document: Option<usize>,
    /// The line on which it starts, or on which something in it stands.
    pub(in crate::cli) line: Option<usize>,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            document,
            line,
        } = self;
        f.write_str(if file == "-" { "standard input" } else { file })?;
        if let Some(line) = line {
            write!(f, ":{line}")?;
        }
        if let Some(document) = document {
            write!(f, ": document {document}")?;
        }
        Ok(())
    }
}

/// A document of the input, or a file that could not be read.
#[derive(Debug)]
pub(in crate::cli) struct Manifest {
    /// Its place.
    pub(in crate::cli) location: Location,
    /// The line on which its text starts, blank lines included.
    pub(in crate::cli) start: usize,
    /// Its text as it was written, without the separator before it; empty for a file that could not be read.
    pub(in crate::cli) text: String,
    /// True if a separator stands before it, on whose line its text starts.
    pub(in crate::cli) separated: bool,
    pub(in crate::cli) value: Result<Value, ReadError>,
}

/// The reason why a manifest has no value.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum ReadError {
    /// The directory cannot be listed.
    #[error(transparent)]
    Unlisted(#[from] Unlisted),
    /// The file cannot be opened or read.
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    /// The directory holds no manifest.
    #[error("the directory holds no .yaml, .yml or .json file")]
    Empty,
    /// The file holds too much.
    #[error("more than {} MiB: split it, or name a part of it", FILE_BYTES / (1024 * 1024))]
    TooLarge,
    /// The file is not UTF-8.
    #[error("is not UTF-8: see byte {0}")]
    NotUtf8(usize),
    /// The document is neither YAML nor JSON.
    #[error(transparent)]
    Syntax(ParseError),
}

/// Reads the documents of the files that the paths name, in their order. An unreadable one does not hide the others.
pub(in crate::cli) fn read<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Vec<Manifest> {
    let mut manifests = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        let files = if name == "-" {
            Ok(vec![path.to_owned()])
        } else {
            manifest_files(path)
        };
        match files {
            Ok(files) if files.is_empty() => manifests.push(unread(name, ReadError::Empty)),
            Ok(files) => {
                for file in files {
                    let name = file.display().to_string();
                    match text(&name) {
                        Ok(text) => split(&name, &text, &mut manifests),
                        Err(error) => manifests.push(unread(name, error)),
                    }
                }
            }
            Err(error) => manifests.push(unread(name, error.into())),
        }
    }
    manifests
}

fn unread(file: String, error: ReadError) -> Manifest {
    Manifest {
        location: Location {
            file,
            document: None,
            line: None,
        },
        start: 1,
        text: String::new(),
        separated: false,
        value: Err(error),
    }
}

fn text(file: &str) -> Result<String, ReadError> {
    let mut bytes = Vec::new();
    let limit = FILE_BYTES + 1;
    if file == "-" {
        let stdin = io::stdin().lock();
        stdin.take(limit).read_to_end(&mut bytes)?;
    } else {
        File::open(file)?.take(limit).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > FILE_BYTES {
        return Err(ReadError::TooLarge);
    }
    String::from_utf8(bytes).map_err(|error| ReadError::NotUtf8(error.utf8_error().valid_up_to()))
}

fn split(file: &str, text: &str, manifests: &mut Vec<Manifest>) {
    let stream = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut number = 0;
    for document in yaml::documents(stream) {
        let mut line = document.line;
        let mut separated = document.text.as_ptr() != stream.as_ptr();
        for piece in parse::pieces(document.text) {
            number += 1;
            let start = line + piece.len() - piece.trim_start_matches('\n').len();
            let value = parse::value(piece);
            let shown = match &value {
                Ok(_) => start,
                Err(error) => line + error.line - 1,
            };
            manifests.push(Manifest {
                location: Location {
                    file: file.to_owned(),
                    document: Some(number),
                    line: Some(shown),
                },
                start: line,
                text: piece.to_owned(),
                separated,
                value: value.map_err(ReadError::Syntax),
            });
            line += piece.matches('\n').count();
            separated = false;
        }
    }
    manifests.retain(|manifest| !matches!(manifest.value, Ok(Value::Null)));
}

#[cfg(test)]
mod tests {
    use super::{Manifest, split};

    #[test]
    fn documents_know_their_places() {
        let mut manifests: Vec<Manifest> = Vec::new();
        let stream = "\u{feff}a: 1\n--- # note\n# c\nb:\n  - 1\n  -: [\n---\n---\n{\"c\": 3,\n \"c\": 4}\n---\nnull\n";
        split("f.yaml", stream, &mut manifests);
        let found: Vec<_> = manifests
            .iter()
            .map(|manifest| {
                (
                    manifest.location.to_string(),
                    manifest.separated,
                    manifest.value.is_ok(),
                )
            })
            .collect();
        let expected = [
            ("f.yaml:1: document 1".to_owned(), false, true),
            ("f.yaml:6: document 2".to_owned(), true, false),
            ("f.yaml:10: document 3".to_owned(), true, false),
        ];
        assert_eq!(found, expected);
    }
}
