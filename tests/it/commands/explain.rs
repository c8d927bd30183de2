//! `berth explain` where a page cannot show it: a file that is too large for a repository, and a reader that goes away.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::{program, repository};

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

/// A value takes ten to seventy times its text. Here there is room for its text a few times, and for the program.
#[test]
fn a_list_takes_little_more_than_its_text() {
    let item = r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"b": "c", "d": "e"}}"#;
    let pod = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "last"}, "spec": {}}"#;
    let mut items = vec![item; 80_000];
    items.push(pod);
    let list = format!(
        r#"{{"apiVersion": "v1", "items": [{}], "kind": "List"}}"#,
        items.join(",\n")
    );
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("list.json"), list).unwrap();
    let program = env!("CARGO_BIN_EXE_berth");
    for form in ["text", "table", "json", "yaml", "diff"] {
        let line = format!("ulimit -v 150000 && exec {program} explain -f list.json -o {form}");
        let output = Command::new("sh")
            .args(["-c", &line])
            .current_dir(directory.path())
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{form}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(
            String::from_utf8(output.stdout)
                .unwrap()
                .contains("amd64-default"),
            "{form}"
        );
    }
}

/// The program holds every page of `docs/codes`, as it is there.
#[test]
fn each_page_of_a_code_is_printed() {
    let pages = repository::files_below("docs/codes");
    let pages = pages
        .iter()
        .filter(|page| page.file_name().is_some_and(|name| name != "README.md"));
    let mut printed = 0;
    for page in pages {
        let code = page.file_stem().unwrap().to_str().unwrap();
        let output = program::run(&["explain", "--code", code]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text, repository::text_of(page), "{code}");
        printed += 1;
    }
    assert!(printed > 0);
}
