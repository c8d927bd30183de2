//! The pages in `docs/`: their examples, defaults and metrics are those of the code.

use berth::validation::Check;
use serde_json::Value;

use crate::harness::page::blocks;
use crate::harness::review::Review;
use crate::harness::{metric_names, repository, snapshots};

/// Returns the lines of the answer to an object that is created in a namespace that opted in, and the checks behind
/// them.
fn said(object: &Value, policy: &Value) -> (String, Vec<String>) {
    let snapshot = snapshots::snapshot(&repository::policy_with(policy), None).unwrap();
    let verdict = Review::of(object).validate(&snapshot);
    let lines: Vec<String> = verdict.denial.into_iter().chain(verdict.warnings).collect();
    (lines.join("\n") + "\n", verdict.findings)
}

/// Each check has a section, in the order of the checks. The examples of a section get the answers printed below them.
#[test]
fn the_page_on_validation_says_what_berth_says() {
    let page = repository::text_of("docs/validation.md");
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
                let value = repository::values_of(&block.text).remove(0);
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

/// The page has the defaults of the code, which are those of the policy that ships.
#[test]
fn the_page_on_validation_has_the_defaults() {
    let page = repository::text_of("docs/validation.md");
    let (policy, _) = berth::policy::embedded_policy().unwrap();
    let defaults = berth::policy::Validation::default();
    assert_eq!(policy.validation, defaults);
    for check in Check::ALL {
        let row = format!("| [`{check}`](#{check}) | {} |", check.action(&defaults));
        assert!(page.contains(&row), "{row}");
    }
    let shipped = repository::shipped_policy();
    let written = shipped["spec"]["validation"].as_object().unwrap();
    assert_eq!(written.len(), Check::ALL.len());
}

/// The policy of the page on splits is whole, and its table has the numbers of the code.
#[test]
fn the_page_on_splits_has_a_policy_and_its_numbers() {
    let page = repository::text_of("docs/split.md");
    // The policy stands in a step of a list.
    let steps = page.replace("\n   ", "\n");
    let blocks = blocks(&steps);
    let policy = blocks
        .iter()
        .map(|block| &block.text)
        .find(|text| text.contains("kind: PlacementPolicy"));
    let policy = repository::values_of(policy.unwrap()).remove(0);
    let (policy, _) = berth::policy::read_policy_object(&policy).unwrap();
    let node_pools = berth::policy::embedded_node_pools().unwrap();
    let remarks = berth::policy::remarks(&policy, &node_pools);
    assert!(remarks.is_empty(), "{remarks:?}");
    policy.check(&node_pools).unwrap();
    let split = policy
        .pool("web")
        .unwrap()
        .on_demand
        .as_ref()
        .unwrap()
        .split;

    let row = |name: &str| -> Vec<u32> {
        let start = format!("| {name} | ");
        let line = page.lines().find_map(|line| line.strip_prefix(&start));
        let cells = line.unwrap().trim_end_matches(" |").split(" | ");
        cells.map(|cell| cell.parse().unwrap()).collect()
    };
    let pods = row("pods");
    let on_demand: Vec<u32> = pods.iter().map(|pods| split.on_demand_of(*pods)).collect();
    assert_eq!(row("on demand"), on_demand);
    let spot: Vec<u32> = pods
        .iter()
        .zip(on_demand)
        .map(|(pods, on)| pods - on)
        .collect();
    assert_eq!(row("on spot"), spot);
}

#[test]
fn every_metric_that_a_page_names_exists() {
    let known = metric_names::registered();
    assert!(
        known.contains("berth_admission_duration_seconds"),
        "{known:?}"
    );
    let below = ["docs", "deploy"].map(repository::files_below);
    let pages = below.iter().flatten();
    let pages = pages.filter(|page| page.extension().is_some_and(|end| end == "md"));
    let readme = repository::path_of("README.md");
    let mut seen = 0;
    for page in pages.chain([&readme]) {
        let text = repository::text_of(page);
        for name in metric_names::named_in(&text) {
            assert!(known.contains(name), "{}: {name}", page.display());
            seen += 1;
        }
    }
    assert!(seen > 0, "no page names a metric");
}
