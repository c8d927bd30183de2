//! The command line as its users see it: each page of `tests/commands` shows files, commands and what they print.
//!
//! A page is Markdown, written as for cram or trycmd. A block that names a file in its first line is that file. In a
//! `console` block, `$ ` starts a line of shell; below it stand `? CODE`, if it fails, and everything that it prints.
//! Each page has a directory of its own, where `repository` is this repository.

mod check;
mod explain;
mod terminal;

use std::fmt::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs, iter, thread};

use similar::TextDiff;

use crate::harness::repository;

/// The variable that, set to `overwrite`, has the pages written anew.
const SNAPSHOTS: &str = "SNAPSHOTS";

/// Runs a line of shell in which `berth` is the program under test. Returns its exit code and what it prints.
///
/// It inherits no variable but `PATH`, so that nothing but the page decides what is printed.
fn shell(line: &str, directory: &Path) -> (i32, String) {
    let program = Path::new(env!("CARGO_BIN_EXE_berth"));
    let mut path = vec![program.parent().unwrap().to_owned()];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap()));
    let output = Command::new("sh")
        .args(["-c", &format!("exec 2>&1\n{line}")])
        .current_dir(directory)
        .env_clear()
        .env("PATH", env::join_paths(path).unwrap())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let code = output.status.code();
    let code = code.unwrap_or_else(|| panic!("{line}: {}", output.status));
    (code, String::from_utf8(output.stdout).unwrap())
}

/// Runs the commands of a block. Returns the block with what they print.
fn console(block: &[&str], directory: &Path) -> String {
    assert!(block.first().is_some_and(|line| line.starts_with("$ ")));
    let mut printed = String::new();
    for line in block.iter().filter_map(|line| line.strip_prefix("$ ")) {
        let (code, output) = shell(line, directory);
        let _ = writeln!(printed, "$ {line}");
        if code != 0 {
            let _ = writeln!(printed, "? {code}");
        }
        // No editor keeps a space at the end of a line.
        for line in output.lines() {
            printed.extend([line.trim_end_matches(' '), "\n"]);
        }
    }
    printed
}

/// Returns a page with what its commands print.
fn printed(page: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    symlink(repository::path_of(""), directory.join("repository")).unwrap();
    assert!(page.contains("\n```console\n"), "a page without a command");
    let mut printed = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        printed.extend([line, "\n"]);
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let text = match info.split_once(' ') {
            _ if info == "console" => console(&block, directory),
            Some((_, file)) => {
                let text = block.join("\n") + "\n";
                let file = directory.join(file);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, &text).unwrap();
                text
            }
            None => panic!("{line}: neither commands nor a file"),
        };
        printed.extend([&text, "```\n"]);
    }
    printed
}

/// Returns how a page differs from what its commands print, unless it is written anew.
fn difference(page: &Path) -> Option<String> {
    let expected = repository::text_of(page);
    let actual = printed(&expected);
    if expected == actual {
        return None;
    }
    if env::var_os(SNAPSHOTS).is_some_and(|mode| mode == "overwrite") {
        fs::write(page, actual).unwrap();
        return None;
    }
    let difference = TextDiff::from_lines(&expected, &actual);
    let name = page.display().to_string();
    let mut difference = difference.unified_diff();
    Some(difference.header(&name, "what is printed").to_string())
}

#[test]
fn commands_print_what_their_pages_say() {
    let pages = repository::files_below("tests/commands");
    assert!(!pages.is_empty());
    let differences: String = thread::scope(|scope| {
        let running: Vec<_> = pages
            .iter()
            .map(|page| scope.spawn(|| difference(page)))
            .collect();
        let done = iter::zip(&pages, running).filter_map(|(page, running)| {
            let done = running.join();
            done.unwrap_or_else(|_| panic!("{}", page.display()))
        });
        done.collect()
    });
    assert!(
        differences.is_empty(),
        "{differences}\nTo accept it: {SNAPSHOTS}=overwrite cargo test commands_print"
    );
}
