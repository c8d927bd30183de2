//! What there is to look at: the documents of files, directories and standard input.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::{manifest_files, parse};
use crate::encoding::yaml;

/// The most that one file may hold: more than any cluster's dump, and less than would exhaust a machine.
const FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Where a document stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The file, as it was named; `-` for standard input.
    pub(super) file: String,
    /// The document's number in the file, from 1; none for the file as a whole.
    pub(super) document: Option<usize>,
    /// The line that it starts on, or that something in it is on.
    pub(super) line: Option<usize>,
}

impl fmt::Display for Place {
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

/// One document of the input.
#[derive(Debug)]
pub(super) struct Document {
    /// Where it stands.
    pub(super) place: Place,
    /// The line that its text starts on, blank lines included.
    pub(super) start: usize,
    /// Its text as it was written, without the separator before it; empty for a file that could not be read.
    pub(super) text: String,
    /// Whether a separator stands before it, on whose line its text starts.
    pub(super) separated: bool,
    /// What it holds, or why it cannot be read.
    pub(super) value: Result<Value, String>,
}

impl Document {
    /// A file of which nothing could be read.
    pub(super) fn unread(file: &str, message: String) -> Self {
        let place = Place {
            file: file.to_owned(),
            document: None,
            line: None,
        };
        Self {
            place,
            start: 1,
            text: String::new(),
            separated: false,
            value: Err(message),
        }
    }
}

/// The files that the arguments name, in their order; what cannot be listed is named with the reason.
pub(super) fn files(paths: &[impl AsRef<Path>]) -> Vec<Result<String, (String, String)>> {
    let mut files = Vec::new();
    for path in paths.iter().map(AsRef::as_ref) {
        let name = path.display().to_string();
        if name == "-" {
            files.push(Ok(name));
            continue;
        }
        match manifest_files(path) {
            Ok(found) if found.is_empty() => {
                let message = "the directory holds no .yaml, .yml or .json file".to_owned();
                files.push(Err((name, message)));
            }
            Ok(found) => files.extend(found.iter().map(|file| Ok(file.display().to_string()))),
            Err(error) => files.push(Err((name, format!("{error:#}")))),
        }
    }
    files
}

/// Reads the documents of one file. Each that cannot be read says so itself, and the others are read nevertheless.
pub(super) fn read(file: &str, documents: &mut Vec<Document>) {
    match text(file) {
        Ok(text) => split(file, &text, documents),
        Err(message) => documents.push(Document::unread(file, message)),
    }
}

fn text(file: &str) -> Result<String, String> {
    let read = |source: &mut dyn Read| {
        let mut bytes = Vec::new();
        source
            .take(FILE_BYTES + 1)
            .read_to_end(&mut bytes)
            .map(|_| bytes)
    };
    let bytes = if file == "-" {
        read(&mut std::io::stdin().lock())
    } else {
        File::open(file).and_then(|mut file| read(&mut file))
    };
    let bytes = bytes.map_err(|error| error.to_string())?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(format!(
            "more than {} MiB: split it, or name a part of it",
            FILE_BYTES / (1024 * 1024)
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let position = error.utf8_error().valid_up_to();
        format!("is not UTF-8: see byte {position}")
    })
}

fn split(file: &str, text: &str, documents: &mut Vec<Document>) {
    let stream = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut number = 0;
    for document in yaml::documents(stream) {
        let mut line = document.line;
        let mut separated = document.text.as_ptr() != stream.as_ptr();
        for piece in parse::pieces(document.text) {
            number += 1;
            let start = line + piece.len() - piece.trim_start_matches('\n').len();
            let (value, shown) = match parse::value(piece) {
                Ok(value) => (Ok(value), start),
                Err(fault) => (Err(fault.message), line + fault.line - 1),
            };
            documents.push(Document {
                place: Place {
                    file: file.to_owned(),
                    document: Some(number),
                    line: Some(shown),
                },
                start: line,
                text: piece.to_owned(),
                separated,
                value,
            });
            line += piece.matches('\n').count();
            separated = false;
        }
    }
    documents.retain(|document| !matches!(document.value, Ok(Value::Null)));
}

#[cfg(test)]
mod tests {
    use super::{Document, split};

    #[test]
    fn documents_know_their_places() {
        let mut documents: Vec<Document> = Vec::new();
        let stream = "\u{feff}a: 1\n--- # note\n# c\nb:\n  - 1\n  -: [\n---\n---\n{\"c\": 3,\n \"c\": 4}\n---\nnull\n";
        split("f.yaml", stream, &mut documents);
        let found: Vec<_> = documents
            .iter()
            .map(|document| {
                (
                    document.place.to_string(),
                    document.separated,
                    document.value.is_ok(),
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
