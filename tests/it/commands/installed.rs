//! The installation beside the program: completions, man pages, and the name by which kubectl finds it.

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use crate::harness::program::run;

/// Returns the text that `berth` prints.
fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    String::from_utf8(output.stdout).unwrap()
}

/// True if a program is on the `PATH`.
fn is_there(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap();
    env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// Returns the commands that `berth --help` lists.
fn commands() -> BTreeSet<String> {
    let help = printed(&["--help"]);
    let (_, list) = help.split_once("\nCommands:\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    let lines = list.lines().filter_map(|line| line.strip_prefix("  "));
    let lines = lines.filter(|line| !line.starts_with(' '));
    lines
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect()
}

/// Returns what bash offers for the last of these words.
fn offered(words: &[&str]) -> BTreeSet<String> {
    let script = printed(&["completions", "bash"]);
    let [.., before, last] = words else {
        panic!("a program and a word");
    };
    let run = format!(
        "set -eu\n{script}\ncompopt() {{ :; }}\nCOMP_WORDS=({})\nCOMP_CWORD={}\n_berth berth {last} {before}\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.join(" "),
        words.len() - 1
    );
    let output = Command::new("bash")
        .args(["--norc", "-c", &run])
        .output()
        .unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    let offered = String::from_utf8(output.stdout).unwrap();
    offered.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_flags_and_values() {
    let of = |words: &[&str]| offered(words).into_iter().collect::<Vec<_>>();
    assert_eq!(of(&["berth", "li"]), ["lint"]);
    assert_eq!(of(&["berth", "lint", "--fail"]), ["--fail-on"]);
    assert_eq!(
        of(&["berth", "lint", "--output", "''"]),
        ["json", "sarif", "text"]
    );
}

/// The other shells check the script if they are there.
#[test]
fn each_shell_reads_its_completions() {
    let directory = tempfile::tempdir().unwrap();
    for (shell, check, names) in [
        ("bash", &["-n"][..], "complete -F _berth"),
        ("zsh", &["-n"], "#compdef berth"),
        ("fish", &["--no-execute"], "complete -c berth"),
        ("elvish", &["-compileonly"], "arg-completer[berth]"),
        ("powershell", &[], "-CommandName 'berth'"),
    ] {
        let script = printed(&["completions", shell]);
        assert!(script.contains(names), "{shell}");
        let file = directory.path().join(shell);
        fs::write(&file, script).unwrap();
        if !check.is_empty() && is_there(shell) {
            let status = Command::new(shell).args(check).arg(&file).status().unwrap();
            assert!(status.success(), "{shell}");
        }
    }
}

#[test]
fn each_command_has_a_man_page() {
    let directory = tempfile::tempdir().unwrap();
    let pages = directory.path().join("share/man/man1");
    printed(&["man", pages.to_str().unwrap()]);
    let mut expected: BTreeSet<String> = commands()
        .iter()
        .filter(|command| *command != "help")
        .map(|command| format!("berth-{command}.1"))
        .collect();
    expected.insert("berth.1".to_owned());
    let written = fs::read_dir(&pages)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let written: BTreeSet<String> = written.map(|name| name.into_string().unwrap()).collect();
    assert_eq!(written, expected);
    for page in written {
        let path = pages.join(&page);
        check_page(&page, &fs::read_to_string(&path).unwrap());
        if is_there("man") {
            let mut man = Command::new("man");
            man.args(["-l", "--warnings"]).arg(&path);
            let output = man.env("MANWIDTH", "80").output().unwrap();
            assert!(
                output.status.success() && output.stderr.is_empty(),
                "{page}: {output:?}"
            );
        }
    }
}

/// Checks the requests of a page: each is one of the few that it needs, and the sections are there.
fn check_page(name: &str, text: &str) {
    let requests = [
        ".TH", ".SH", ".TP", ".IP", ".PP", ".RS", ".RE", ".nf", ".fi", ".br", ".ie", ".el",
    ];
    for line in text.lines().filter(|line| line.starts_with(['.', '\''])) {
        let request = line.split(' ').next().unwrap();
        assert!(requests.contains(&request), "{name}: {line}");
    }
    for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"] {
        assert!(
            text.contains(&format!("\n.SH {section}\n")),
            "{name}: {section}"
        );
    }
    assert!(!text.contains("Examples:"), "{name}");
}

/// kubectl finds the program as a plugin, and the program says so in its usage and its examples.
#[test]
fn the_program_is_a_plugin_of_kubectl() {
    let directory = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_berth"));
    symlink(program, directory.path().join("kubectl-berth")).unwrap();
    let mut path = vec![directory.path().to_owned()];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap()));
    let kubectl = |arguments: &[&str]| {
        let output = Command::new("kubectl")
            .arg("berth")
            .args(arguments)
            .env("PATH", env::join_paths(&path).unwrap())
            .output()
            .unwrap();
        let texts = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        (output.status.code(), texts.concat())
    };
    for command in commands() {
        let (code, help) = kubectl(&["help", &command]);
        assert_eq!(code, Some(0), "{command}");
        let usage = help
            .lines()
            .find(|line| line.starts_with("Usage: "))
            .unwrap();
        assert!(
            usage.starts_with("Usage: kubectl berth "),
            "{command}: {usage}"
        );
        let examples = help.lines().filter(|line| line.starts_with("    berth "));
        assert_eq!(examples.count(), 0, "{command}: {help}");
    }
    let (code, said) = kubectl(&["lint"]);
    assert_eq!(code, Some(64));
    assert!(said.contains("Usage: kubectl berth lint"), "{said}");
    let (code, script) = kubectl(&["completions", "bash"]);
    assert_eq!(code, Some(0));
    assert!(script.contains(" kubectl-berth\n"), "{script}");
}
