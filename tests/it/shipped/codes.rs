//! The pages in `docs/codes/`: one for each reason and each check, short enough to read in a terminal, with an example that
//! berth answers with that very reason or check.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::{env, fs};

use berth::placement::Reason;
use berth::validation::Check;
use serde_json::Value;

use crate::harness::page::{Block, blocks};
use crate::harness::repository;

const DIRECTORY: &str = "docs/codes";
/// The most lines of a page, and the most characters of a line that could be broken.
const LINES: usize = 40;
const COLUMNS: usize = 80;

/// The names of all reasons and checks. Some are both.
fn codes() -> BTreeSet<&'static str> {
    let reasons = Reason::ALL.iter().map(|reason| reason.as_str());
    let checks = Check::ALL.iter().map(|check| check.as_str());
    reasons.chain(checks).collect()
}

fn path_of(code: &str) -> String {
    format!("{DIRECTORY}/{code}.md")
}

/// Breaks a text into lines of a terminal. They are indented by so many spaces, the second and the next ones by two more.
fn wrapped(text: &str, indent: usize) -> String {
    let mut lines = " ".repeat(indent);
    let mut width = indent;
    for word in text.split(' ') {
        let length = word.chars().count();
        if width > indent && width + 1 + length > COLUMNS {
            lines.push('\n');
            lines.push_str(&" ".repeat(indent + 2));
            width = indent + 2;
        } else if width > indent {
            lines.push(' ');
            width += 1;
        }
        lines.push_str(word);
        width += length;
    }
    lines.push('\n');
    lines
}

/// Returns what `berth explain` says of the one workload of a page's example, or `None` if the page has no example. A block
/// without a kind is a part of the policy.
fn explained(blocks: &[Block<'_>]) -> Option<Value> {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_berth"));
    command
        .args(["explain", "--output", "json"])
        .current_dir(directory.path())
        .env_clear()
        .stdin(Stdio::null());
    let mut has_workload = false;
    let examples = blocks.iter().filter(|block| block.language == "yaml");
    for (position, block) in examples.enumerate() {
        let values = repository::values_of(&block.text);
        let is = |kind: &str| values.iter().all(|value| value["kind"] == kind);
        let (flag, text) = if values[0]["kind"].is_null() {
            ("--policy", repository::policy_with(&values[0]).to_string())
        } else if is("NodePool") {
            ("--node-pools", block.text.clone())
        } else {
            has_workload |= !is("Namespace");
            ("--filename", block.text.clone())
        };
        let name = format!("{position}.yaml");
        fs::write(directory.path().join(&name), text).unwrap();
        command.args([flag, &name]);
    }
    if !has_workload {
        return None;
    }
    let output = command.output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let workloads = report["workloads"].as_array().unwrap();
    assert_eq!(workloads.len(), 1, "{report}");
    Some(workloads[0].clone())
}

/// Returns what berth says about the code in its answer, or `None` if the answer does not have it.
fn said(code: &str, explained: &Value) -> Option<String> {
    let findings = explained["findings"].as_array().unwrap();
    if let Some(finding) = findings.iter().find(|finding| finding["check"] == code) {
        let lines = finding["lines"].as_array().unwrap().iter();
        let lines: Vec<&str> = lines.map(|line| line.as_str().unwrap()).collect();
        let mut text = wrapped(&format!("{code}: {}", lines[0]), 0);
        for line in &lines[1..] {
            text.push_str(&wrapped(line, 2));
        }
        return Some(text);
    }
    if explained["reason"] != code {
        return None;
    }
    let reason: Reason = code.parse().unwrap();
    let why = explained["detail"].as_str().or_else(|| reason.sentence());
    let outcome = if reason.is_placed() {
        String::new()
    } else {
        format!("left alone: {code}\n")
    };
    Some(outcome + &why.map(|why| wrapped(why, 0)).unwrap_or_default())
}

/// Returns the page with the text of its answer in place of what it has.
fn with_answer(page: &str, answer: &str) -> String {
    match page.split_once("\n```text\n") {
        Some((before, rest)) => {
            let after = rest.strip_prefix("```\n");
            let after = after.or_else(|| rest.split_once("\n```\n").map(|(_, after)| after));
            format!("{before}\n```text\n{answer}```\n{}", after.unwrap())
        }
        None => page.to_owned(),
    }
}

#[test]
fn each_code_has_a_page_for_the_terminal() {
    for code in codes() {
        let page = repository::text_of(path_of(code));
        assert!(page.starts_with(&format!("# {code}\n\n")), "{code}");
        let headings: Vec<&str> = page.lines().filter(|line| line.starts_with("##")).collect();
        assert_eq!(headings, ["## Seen", "## Why", "## What to do"], "{code}");
        assert!(page.lines().count() <= LINES, "{code}");
        for line in page.lines() {
            let fits = line.chars().count() <= COLUMNS || !line.trim().contains(' ');
            assert!(fits, "{code}: {line}");
        }
    }
}

/// The index has the pages in the order of their names, each with its first sentence or less.
#[test]
fn the_index_of_the_codes_has_each() {
    let index = repository::text_of(format!("{DIRECTORY}/README.md"));
    for code in codes() {
        assert!(index.contains(&format!("[`{code}`]({code}.md)")), "{code}");
    }
}

/// The answer to a page's example has the code, and is what the page shows.
#[test]
fn the_examples_of_the_codes_show_them() {
    let overwrite = env::var_os("SNAPSHOTS").is_some_and(|mode| mode == "overwrite");
    let mut wrong = Vec::new();
    for code in codes() {
        let page = repository::text_of(path_of(code));
        let blocks = blocks(&page);
        let Some(explained) = explained(&blocks) else {
            continue;
        };
        let Some(answer) = said(code, &explained) else {
            wrong.push(format!("{code}: {explained}"));
            continue;
        };
        let actual = with_answer(&page, &answer);
        if actual != page && overwrite {
            fs::write(repository::path_of(path_of(code)), actual).unwrap();
        } else if actual != page {
            wrong.push(format!("{code}:\n{answer}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nTo accept what is printed: SNAPSHOTS=overwrite cargo test codes",
        wrong.join("\n")
    );
}
