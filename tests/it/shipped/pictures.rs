//! The pictures in `docs/pictures/`: they are those of their texts, and the texts are what commands print.

use std::path::Path;
use std::process::Command;
use std::{env, iter};

use crate::harness::repository;

const DIRECTORY: &str = "docs/pictures";

#[test]
fn the_pictures_are_those_of_their_texts() {
    let berth = Path::new(env!("CARGO_BIN_EXE_berth")).parent().unwrap();
    let path = env::var_os("PATH").unwrap();
    let path = iter::once(berth.to_owned()).chain(env::split_paths(&path));
    let output = Command::new(repository::path_of(DIRECTORY).join("make"))
        .arg("--check")
        .env_clear()
        .env("PATH", env::join_paths(path).unwrap())
        .output()
        .unwrap_or_else(|error| panic!("{DIRECTORY}/make, which needs Python 3.10: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// A picture fetches nothing, says what it shows to those who do not see it, and stands on some page with a text in its
/// place.
#[test]
fn each_picture_stands_for_itself() {
    let pages = ["README.md", "docs"].map(repository::path_of);
    let mut pages: Vec<String> = pages.iter().flat_map(pages_at).collect();
    pages.retain(|page| page.contains(".svg"));
    let files = repository::files_below(DIRECTORY);
    let pictures = files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "svg"));
    let mut count = 0;
    for picture in pictures {
        let name = picture.file_name().unwrap().to_str().unwrap();
        let text = repository::text_of(picture);
        assert!(
            text.contains("<title id=") && text.contains("<desc id="),
            "{name}"
        );
        for foreign in ["href", "url(http", "@import", "<image", "<script"] {
            assert!(!text.contains(foreign), "{name}: {foreign}");
        }
        let link = format!("pictures/{name})");
        let shown = pages.iter().filter_map(|page| page.split_once(&link));
        let mut alternatives = shown.map(|(before, _)| before.rsplit_once("![").unwrap().1);
        assert!(
            alternatives.any(|text| text
                .split_once(']')
                .is_some_and(|(text, _)| text.len() > 20)),
            "{name} is on no page, or without a text in its place"
        );
        count += 1;
    }
    assert!(count > 0, "no picture");
}

/// The texts of a page, or of all pages below a directory.
fn pages_at(path: &std::path::PathBuf) -> Vec<String> {
    let files = if path.is_dir() {
        repository::files_below(path)
    } else {
        vec![path.clone()]
    };
    let pages = files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "md"));
    pages.map(repository::text_of).collect()
}
