//! `berth explain` where a page cannot show it: a file that is too large for a repository, and a reader that goes away.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// The program, in a directory of its own.
fn explain(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_berth"));
    command
        .arg("explain")
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .stdin(Stdio::null());
    command
}

#[test]
fn files_that_are_too_large_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = fs::File::create(directory.path().join("large.yaml")).unwrap();
    file.set_len(65 * 1024 * 1024).unwrap();
    let output = explain(directory.path(), &["-f", "large.yaml"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("more than 64 MiB"), "{text}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let document = "# kept as it is\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n";
    let directory = tempfile::tempdir().unwrap();
    fs::write(
        directory.path().join("many.yaml"),
        vec![document; 20_000].join("---\n"),
    )
    .unwrap();
    let mut child = explain(directory.path(), &["-f", "many.yaml", "-o", "yaml"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.as_str()), (Some(0), ""));
}
