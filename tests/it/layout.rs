//! The layout of `src`: how the files of one room may use one another, and the map that says where they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use regex::Regex;

use crate::harness::repository;

/// Returns the code of a source, without comments and without the tests at its end.
fn code(text: &str) -> String {
    let lines = text.lines().take_while(|line| *line != "#[cfg(test)]");
    let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Reads the files of each room, which is a directory below `src`, by the names of their modules.
fn rooms() -> BTreeMap<PathBuf, BTreeMap<String, String>> {
    let mut rooms: BTreeMap<PathBuf, BTreeMap<String, String>> = BTreeMap::new();
    for file in repository::sources_below("src") {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let code = code(&repository::text_of(&file));
        let room = file.parent().unwrap().to_owned();
        rooms.entry(room).or_default().insert(name, code);
    }
    rooms
}

/// Returns the names behind `super::` in a source: modules beside it, or definitions in its parent's file.
fn from_parent(code: &str) -> BTreeSet<String> {
    // Deeper paths, `super::super::`, leave the room.
    let path = Regex::new(r"(?:^|[^:\w])super::(\{[^}]*\}|\w+)").unwrap();
    let found = path.captures_iter(code).map(|found| found[1].to_owned());
    let names = found.flat_map(|names| {
        let names = names.trim_matches(['{', '}']).to_owned();
        let names = names.split(',').map(|name| name.trim().to_owned());
        names.collect::<Vec<_>>()
    });
    let names = names.map(|name| name.split("::").next().unwrap_or_default().to_owned());
    names
        .filter(|name| !name.is_empty() && name != "super")
        .collect()
}

/// A parent's file calls its children, and none of them calls it. A file beside them holds what several children share.
#[test]
fn no_child_uses_its_parents_file() {
    let src = repository::path_of("src");
    let mut wrong = Vec::new();
    for (room, files) in rooms() {
        if room == src {
            continue;
        }
        for (name, code) in &files {
            let used = from_parent(code);
            let of_parent = used.iter().filter(|used| !files.contains_key(*used));
            wrong.extend(
                of_parent.map(|used| format!("{}/{name}.rs: super::{used}", room.display())),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The files of a room can be read one after another.
#[test]
fn the_files_of_a_room_use_one_another_in_no_circle() {
    for (room, files) in rooms() {
        let mut left: BTreeMap<&String, BTreeSet<String>> = BTreeMap::new();
        for (name, code) in &files {
            let used = from_parent(code).into_iter();
            left.insert(name, used.filter(|used| files.contains_key(used)).collect());
        }
        while !left.is_empty() {
            let names: BTreeSet<String> = left.keys().map(|name| (*name).clone()).collect();
            let before = left.len();
            left.retain(|_, used| used.iter().any(|used| names.contains(used)));
            assert!(left.len() < before, "{}: {left:?}", room.display());
        }
    }
}

/// Every file that the map of the architecture names is there.
#[test]
fn the_architecture_names_files_that_there_are() {
    let text = repository::text_of("ARCHITECTURE.md");
    let path = Regex::new(r"`([\w./-]+(?:\.rs|/))`").unwrap();
    let roots = ["", "src", "deploy"].map(repository::path_of);
    let is_there = |path: &str| roots.iter().any(|root| root.join(Path::new(path)).exists());
    let missing: Vec<String> = path
        .captures_iter(&text)
        .map(|found| found[1].to_owned())
        .filter(|path| !is_there(path))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
