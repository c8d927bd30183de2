//! The documents of case files.

use berth::encoding::yaml;
use serde::de::DeserializeOwned;

use crate::harness::repository;

/// Reads every document of a directory of cases. Each comes with its file and line.
pub(crate) fn documents<T: DeserializeOwned>(directory: &str) -> Vec<(String, T)> {
    let mut cases = Vec::new();
    let of_directory = repository::path_of(directory);
    for file in repository::files_below(directory) {
        if file.parent() != Some(&of_directory) {
            continue;
        }
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let text = repository::text_of(&file);
        for document in yaml::documents(&text) {
            let place = format!("{name}:{}", document.line);
            let case =
                yaml::parse_as(document.text).unwrap_or_else(|error| panic!("{place}: {error}"));
            cases.push((place, case));
        }
    }
    assert!(!cases.is_empty(), "{directory} holds no cases");
    cases
}
