//! The threat model claims nothing that no test holds.

use std::path::{Path, PathBuf};

use regex::Regex;

use crate::harness::repository;

const PAGE: &str = "docs/threat-model.md";

/// A test that the page names, and the file in which it stands.
struct Named {
    name: String,
    file: PathBuf,
}

/// Returns the tests that a part of the page names.
fn named(part: &str) -> Vec<Named> {
    let link = Regex::new(r"\[`([^`]+)`\]\(\.\./(tests/[^)]+)\)").unwrap();
    let found = link.captures_iter(part).map(|found| Named {
        name: found[1].to_owned(),
        file: found[2].into(),
    });
    found.collect()
}

/// True if the file has a test of that name which is run.
fn is_run(Named { name, file }: &Named) -> bool {
    let text = repository::text_of(file);
    if file.extension().is_some_and(|end| end == "yaml") {
        return text.lines().any(|line| line == format!("name: {name}"));
    }
    let stem = file.file_stem().unwrap().to_string_lossy();
    let room = file.parent().unwrap();
    if file.starts_with("tests/cluster") {
        // The group lists its tests.
        let group = repository::text_of(room.with_extension("rs"));
        let listed = format!(" {stem}::{name},\n");
        return group.contains(&listed) && text.contains(&format!("async fn {name}("));
    }
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let declared = [format!("fn {name}("), format!("async fn {name}(")];
    let mut at = lines.iter().enumerate();
    let at = at.find(|(_, line)| declared.iter().any(|start| line.starts_with(start)));
    at.is_some_and(|(at, _)| lines[at - 1].starts_with("#[") && lines[at - 1].contains("test"))
}

/// Each row that says what somebody cannot do names a test, and each test that the page names is run.
#[test]
fn each_cannot_names_a_test_that_is_run() {
    let page = repository::text_of(PAGE);
    let mut wrong = Vec::new();
    let (mut rows, mut is_claim) = (0, false);
    for line in page.lines() {
        if line.contains("cannot") && line.ends_with("| held by |") {
            is_claim = true;
        } else if !line.starts_with('|') {
            is_claim = false;
        } else if is_claim && !line.starts_with("|---") {
            rows += 1;
            if named(line).is_empty() {
                wrong.push(format!("no test: {line}"));
            }
        }
    }
    assert!(rows > 30, "{rows}");
    let tests = named(&page);
    let idle = tests.iter().filter(|test| !is_run(test));
    wrong.extend(idle.map(|test| format!("{}: {}", test.file.display(), test.name)));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The test above would notice a name that nobody has, and a function that is no test.
#[test]
fn a_name_that_no_test_has_is_noticed() {
    let is_run = |name: &str, file: &str| {
        let file = Path::new(file).to_owned();
        is_run(&Named {
            name: name.to_owned(),
            file,
        })
    };
    assert!(is_run(
        "hostile_bodies_do_no_harm",
        "tests/it/serving/webhook.rs"
    ));
    assert!(!is_run("no_such_test", "tests/it/serving/webhook.rs"));
    assert!(!is_run("named", "tests/it/shipped/threats.rs"));
    assert!(!is_run("no such case", "tests/cases/exemptions.yaml"));
    assert!(!is_run("setup", "tests/cluster/watching/stage.rs"));
}
