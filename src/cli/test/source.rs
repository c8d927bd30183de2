//! The case files that paths name.

use std::path::{Path, PathBuf};

use crate::cli::files::{manifest_files, text};
use crate::encoding::yaml;

/// A case file, as it is named, and its text or the reason why it has none.
pub(super) struct Source {
    /// The path.
    pub(super) path: PathBuf,
    /// The text.
    pub(super) text: Result<String, String>,
}

impl Source {
    /// Returns the name for a person.
    pub(super) fn name(&self) -> String {
        if self.path == Path::new("-") {
            "standard input".to_owned()
        } else {
            self.path.display().to_string()
        }
    }

    /// Returns the path of a file that a case names.
    pub(super) fn beside(&self, file: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(file)
    }
}

/// Reads the files that paths name, each once. In a directory, it passes over files of Kubernetes objects.
pub(super) fn sources(paths: &[PathBuf]) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    for path in paths {
        let is_directory = path.is_dir();
        let files = match manifest_files(path) {
            Ok(files) => files,
            Err(error) => {
                sources.push(Source {
                    path: path.clone(),
                    text: Err(error.to_string()),
                });
                continue;
            }
        };
        for file in files {
            if sources.iter().any(|source| source.path == file) {
                continue;
            }
            let text = text(&file.display().to_string()).map_err(|error| error.to_string());
            if is_directory && text.as_deref().is_ok_and(holds_objects) {
                continue;
            }
            sources.push(Source { path: file, text });
        }
    }
    sources
}

/// True if a file begins with an object of Kubernetes, such as the policy beside the cases.
fn holds_objects(text: &str) -> bool {
    let first = yaml::documents(text).next();
    let first = first.and_then(|document| yaml::read(document.text).ok());
    first.is_some_and(|tree| {
        ["apiVersion", "kind"]
            .iter()
            .all(|field| tree.value.get(field).is_some())
    })
}
