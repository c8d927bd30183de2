//! The documents of files, directories and standard input.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::directory::manifest_files;
use super::manifest::{Content, Location, Manifest, ReadError, Warning};
use super::object::{Identity, ListKind};
use super::parse;
use super::text::text;
use crate::encoding::yaml::{self, Mark};

/// Reads the documents of the files that the paths name, in their order. An unreadable one does not hide the others.
pub(in crate::cli) fn read<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Vec<Manifest> {
    let mut manifests = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        if is_url(&name) {
            manifests.push(unread(&name, ReadError::Url));
            continue;
        }
        let files = if name == "-" {
            Ok(vec![path.to_owned()])
        } else {
            manifest_files(path)
        };
        match files {
            Ok(files) if files.is_empty() => manifests.push(unread(&name, ReadError::Empty)),
            Ok(files) => {
                for file in files {
                    let name = file.display().to_string();
                    match text(&name) {
                        Ok(text) => split(&name, text, &mut manifests),
                        Err(error) => manifests.push(unread(&name, error.into())),
                    }
                }
            }
            Err(error) => manifests.push(unread(&name, error.into())),
        }
    }
    manifests
}

/// True if a path is meant as a URL, which kubectl would read.
pub(super) fn is_url(path: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| path.starts_with(scheme))
}

fn unread(file: &str, error: ReadError) -> Manifest {
    Manifest {
        location: Location {
            file: file.into(),
            document: None,
            line: None,
        },
        start: 1,
        separated: false,
        warnings: Vec::new(),
        content: Err(error),
        file: Arc::default(),
        part: 0..0,
    }
}

pub(super) fn split(file: &str, text: String, manifests: &mut Vec<Manifest>) {
    let (name, text) = (Arc::from(file), Arc::new(text));
    let mut number = 0;
    for document in yaml::documents(&text) {
        let (mut start, mut line) = (document.start, document.line);
        let mut mark = document.mark;
        for piece in parse::pieces(document.text) {
            number += 1;
            let location = Location {
                file: Arc::clone(&name),
                document: Some(number),
                line: Some(line + piece.len() - piece.trim_start_matches('\n').len()),
            };
            let part = start..start + piece.len();
            start = part.end;
            let text = match parse::spaced(piece) {
                Some(spaced) => (0..spaced.len(), Arc::new(spaced)),
                None => (part, Arc::clone(&text)),
            };
            manifests.extend(manifest(location, line, mark, text));
            line += piece.matches('\n').count();
            mark = Mark::None;
        }
    }
}

/// Reads a document. An empty one is none.
fn manifest(
    mut location: Location,
    start: usize,
    mark: Mark,
    (part, file): (Range<usize>, Arc<String>),
) -> Option<Manifest> {
    let mut warnings = Vec::new();
    let content = match parse::outline(&file[part.clone()]) {
        Ok((_, tree)) if tree.value.is_null() => return None,
        Ok((syntax, tree)) => {
            if mark == Mark::End {
                warnings.push(Warning {
                    location: location.clone(),
                    fault: "a line of ... ends the document before this one".to_owned(),
                    effect: "kubectl passes over this one; write --- in place of ...",
                });
            }
            for mut repeated in tree.repeated {
                repeated.first += start - 1;
                repeated.last += start - 1;
                warnings.push(Warning {
                    location: Location {
                        line: Some(repeated.last),
                        ..location.clone()
                    },
                    fault: repeated.to_string(),
                    effect: "the last one counts",
                });
            }
            Ok(Content {
                kind: Identity::of(&tree.value).kind.to_owned(),
                list: ListKind::of(&tree.value),
                syntax,
            })
        }
        Err(error) => {
            location.line = Some(start + error.line - 1);
            Err(ReadError::Syntax(error))
        }
    };
    Some(Manifest {
        location,
        start,
        separated: mark == Mark::Start,
        warnings,
        content,
        file,
        part,
    })
}

#[cfg(test)]
mod tests {
    use super::{Manifest, split};

    #[test]
    fn documents_know_their_places() {
        let mut manifests: Vec<Manifest> = Vec::new();
        let stream = "a: 1\n--- # note\n# c\nb:\n  - 1\n  -: [\n---\n---\n{\"c\": 3,\n \"d\": ]}\n---\nnull\n";
        split("f.yaml", stream.to_owned(), &mut manifests);
        let found: Vec<_> = manifests
            .iter()
            .map(|manifest| {
                (
                    manifest.location.to_string(),
                    manifest.separated,
                    manifest.content.is_ok(),
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

    #[test]
    fn a_warning_counts_the_lines_of_the_file() {
        let mut manifests: Vec<Manifest> = Vec::new();
        split(
            "f.yaml",
            "x: 1\n---\na: 1\nb: 2\na: 3\n...\nc: 1\n".to_owned(),
            &mut manifests,
        );
        let found: Vec<_> = manifests
            .iter()
            .flat_map(|manifest| &manifest.warnings)
            .map(ToString::to_string)
            .collect();
        let expected = [
            "f.yaml:5: document 2: the key \"a\" stands twice, on lines 3 and 5: the last one counts",
            "f.yaml:7: document 3: a line of ... ends the document before this one: kubectl passes over this one; write \
             --- in place of ...",
        ];
        assert_eq!(found, expected);
    }
}
