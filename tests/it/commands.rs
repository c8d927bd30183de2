//! The command line as its users see it: each page of `tests/commands` shows files, commands and what they print. So does
//! the page on `berth test`.
//!
//! A page is Markdown, written as for cram or trycmd. A block that names a file in its first line is that file. In a
//! `console` block, `$ ` starts a line of shell and `> ` continues it; below it stand `? CODE`, if it fails, and everything
//! that it prints.
//! Each page has a directory of its own, where `repository` is this repository.

mod check;
mod explain;
#[expect(dead_code, reason = "the cluster tests compare command by command")]
#[path = "../pages/page.rs"]
mod page;
#[path = "../pages/pattern.rs"]
mod pattern;
mod terminal;
mod test;

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs, iter, thread};

use similar::TextDiff;

use crate::harness::repository;
use page::Part;

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

/// Returns a page with what its commands print.
fn printed(page: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    symlink(repository::path_of(""), directory.join("repository")).unwrap();
    assert!(page.contains("\n```console\n"), "a page without a command");
    let mut printed = String::new();
    for part in page::parts(page) {
        match part {
            Part::Line(line) => printed.extend([line, "\n"]),
            Part::File { name, text } => {
                let file = directory.join(name);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, &text).unwrap();
                printed.push_str(&text);
            }
            Part::Command(command) => {
                let (code, output) = shell(&command.shell(), directory);
                printed.push_str(&command.with(code, &output));
            }
        }
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
    let mut pages = repository::files_below("tests/commands");
    pages.push(repository::path_of("docs/testing.md"));
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

/// A pattern of the page that runs on a cluster accepts what differs from run to run, and nothing else.
#[test]
fn a_pattern_accepts_what_it_leaves_open() {
    let pattern = "one\n...\nnode-...  ...s  Ready\n";
    for text in [
        "one\nnode-1  3s  Ready\n",
        "one\ntwo\nthree\nnode-é  12s  Ready\n",
        "one\nnode-1  1s  Ready\nnode-2  2s  Ready\n",
    ] {
        assert!(pattern::matches(pattern, text), "{text}");
    }
    for text in [
        "",
        "one\n",
        "two\nnode-1  3s  Ready\n",
        "one\nnode-1  3s  NotReady\n",
        "one\nnode-1  3s  Ready\nmore\n",
    ] {
        assert!(!pattern::matches(pattern, text), "{text}");
    }
    assert!(pattern::matches("", "") && !pattern::matches("", "more\n"));
}
