//! What the pages in `docs/` say is so.

use std::collections::BTreeSet;

use berth::validation::Check;
use serde_json::Value;

use crate::reviews::{self, Review};

/// A fenced block of a page.
struct Block<'p> {
    language: &'p str,
    text: String,
}

/// The fenced blocks of a part of a page, in order.
fn blocks(part: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut open = false;
    for line in part.lines() {
        match line.strip_prefix("```") {
            Some("") => open = false,
            Some(language) => {
                open = true;
                let text = String::new();
                blocks.push(Block { language, text });
            }
            None if open => {
                let block = blocks.last_mut().unwrap();
                block.text.push_str(line);
                block.text.push('\n');
            }
            None => {}
        }
    }
    assert!(!open, "a block without an end");
    blocks
}

/// What berth answers to an object that is created in a namespace that opted in.
fn said(object: &Value, policy: &Value) -> (String, Vec<String>) {
    let snapshot = reviews::snapshot(reviews::policy_with(policy), None).unwrap();
    let reply = reviews::validate(&Review::of(object).body(), &snapshot);
    let lines: Vec<String> = reply.denial.into_iter().chain(reply.warnings).collect();
    (lines.join("\n") + "\n", reply.findings)
}

/// Each check has a section, in the order of the checks, whose examples get the answers that are printed below them.
#[test]
fn the_page_on_validation_says_what_berth_says() {
    let page = reviews::text_of("docs/validation.md");
    let sections: Vec<&str> = page.split("\n## `").skip(1).collect();
    let names: Vec<&str> = sections
        .iter()
        .map(|section| section.split_once("`\n").unwrap().0)
        .collect();
    let checks: Vec<&str> = Check::ALL.iter().map(|check| check.as_str()).collect();
    assert_eq!(names, checks);
    let mut wrong = Vec::new();
    for (check, section) in checks.into_iter().zip(sections) {
        // A block without a kind is a part of the policy.
        let (mut policy, mut object) = (Value::Null, Value::Null);
        let mut shown = 0;
        for block in blocks(section) {
            if block.language == "yaml" {
                let value = reviews::values_of(&block.text).remove(0);
                let place = if value["kind"].is_string() {
                    &mut object
                } else {
                    &mut policy
                };
                *place = value;
                continue;
            }
            assert_eq!(block.language, "text");
            let (said, findings) = said(&object, &policy);
            shown += 1;
            if findings.first().map(String::as_str) != Some(check) || said != block.text {
                wrong.push(format!("{check}: {findings:?}:\n{said}"));
            }
        }
        assert!(shown > 0, "{check} has no example");
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The defaults of the page are those of the code, and of the policy that ships.
#[test]
fn the_page_on_validation_has_the_defaults() {
    let page = reviews::text_of("docs/validation.md");
    let (policy, _) = berth::policy::embedded_policy().unwrap();
    let defaults = berth::policy::Validation::default();
    assert_eq!(policy.validation, defaults);
    for check in Check::ALL {
        let row = format!("| [`{check}`](#{check}) | {} |", check.action(&defaults));
        assert!(page.contains(&row), "{row}");
    }
    let shipped = reviews::shipped_policy();
    let written = shipped["spec"]["validation"].as_object().unwrap();
    assert_eq!(written.len(), Check::ALL.len());
}

/// The names of berth's metrics that a text speaks of, without the endings that Prometheus adds.
pub(crate) fn metrics_of(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.match_indices("berth_").map(|(start, _)| start);
    starts.map(|start| {
        let rest = &text[start..];
        let end = rest.find(|char: char| !(char.is_ascii_lowercase() || char == '_'));
        let name = &rest[..end.unwrap_or(rest.len())];
        let endings = ["_total", "_bucket", "_sum", "_count", "_info"];
        let base = endings.iter().find_map(|ending| name.strip_suffix(ending));
        base.unwrap_or(name)
    })
}

/// The metrics that are registered: a family without a series is not shown, so the source has to tell.
pub(crate) fn registered() -> BTreeSet<String> {
    let sources = reviews::files_below("src").into_iter();
    let texts = sources.map(reviews::text_of);
    let mut names = BTreeSet::new();
    for text in texts {
        for call in text.split("all.register").skip(1) {
            let Some(name) = call.split('"').nth(1) else {
                continue;
            };
            let unit = call.split_once("Unit::").map(|(_, rest)| rest);
            let unit = unit.and_then(|rest| rest.split(',').next());
            let unit = unit.map(|unit| format!("_{}", unit.to_ascii_lowercase()));
            names.insert(format!("berth_{name}{}", unit.unwrap_or_default()));
        }
    }
    names
}

#[test]
fn every_metric_that_a_page_names_exists() {
    let known = registered();
    assert!(
        known.contains("berth_admission_duration_seconds"),
        "{known:?}"
    );
    let below = ["docs", "deploy"].map(reviews::files_below);
    let pages = below.iter().flatten();
    let pages = pages.filter(|page| page.extension().is_some_and(|end| end == "md"));
    let readme = reviews::repository("README.md");
    let mut seen = 0;
    for page in pages.chain([&readme]) {
        let text = reviews::text_of(page);
        for name in metrics_of(&text) {
            assert!(known.contains(name), "{}: {name}", page.display());
            seen += 1;
        }
    }
    assert!(seen > 0, "no page names a metric");
}
