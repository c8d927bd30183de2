//! `berth lint` finds nothing in what ships, and its SARIF is what the standard says. `docs/lint.md` holds its output.

use std::collections::BTreeMap;

use berth::lint::{Extent, Lint, lint};
use proptest::prelude::*;
use proptest::sample::Index;
use serde::Deserialize;
use serde_json::Value;
use serde_sarif::sarif::Sarif;

use crate::harness::program::run;
use crate::harness::repository;
use crate::model::json::{any_json, pointers};
use crate::model::scheduler::items;

/// The policies that ship, each over its platform's node pools.
const SHIPPED: [&[&str]; 4] = [
    &["deploy/policy.yaml", "deploy/platforms/karpenter"],
    &["deploy/policy.yaml", "deploy/platforms/eks-auto-mode"],
    &["deploy/platforms/cast-ai/policy.yaml"],
    &["deploy/policy.yaml"],
];

/// Runs `berth lint` in the repository's own files. Returns what it prints.
fn printed(paths: &[&str], form: &str) -> String {
    let paths = paths.iter().map(repository::path_of);
    let paths: Vec<String> = paths.map(|path| path.display().to_string()).collect();
    let mut arguments = vec!["lint", "--fail-on", "warn", "-o", form];
    arguments.extend(paths.iter().map(String::as_str));
    let output = run(&arguments);
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_ships_is_clean() {
    for paths in SHIPPED {
        let report: Value = serde_json::from_str(&printed(paths, "json")).unwrap();
        assert_eq!(items(&report["findings"]), [] as [Value; 0], "{paths:?}");
        let alone = paths == ["deploy/policy.yaml"];
        assert_eq!(report["nodePoolsKnown"], !alone, "{paths:?}");
    }
}

/// Each lint has a section, in their order, with an example in which it finds something.
#[test]
fn the_page_has_an_example_of_each_lint() {
    let page = repository::text_of("docs/lint.md");
    let sections: Vec<(&str, &str)> = page
        .split("\n## `")
        .skip(1)
        .map(|section| section.split_once("`\n").unwrap())
        .collect();
    let names: Vec<&str> = sections.iter().map(|(name, _)| *name).collect();
    let lints: Vec<&str> = Lint::ALL.iter().map(|lint| lint.as_str()).collect();
    assert_eq!(names, lints);
    for (name, section) in sections {
        let found = format!("\n  lint           {name}\n");
        assert!(section.contains(&found), "{name}");
    }
}

/// Reads a log by the types that `serde-sarif` makes of the published schema. They keep each field, and so know it.
fn accepted(text: &str) {
    let log: Sarif = serde_json::from_str(text).unwrap();
    let written: Value = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_value(log).unwrap(), written);
}

/// A log of SARIF 2.1.0 as berth writes it: a part of the published schema, and no field besides. Written by hand from the
/// standard, for what the types of the schema leave open.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Log {
    #[serde(rename = "$schema")]
    schema: String,
    version: String,
    runs: [Run; 1],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Run {
    tool: Tool,
    column_kind: ColumnKind,
    results: Vec<Outcome>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum ColumnKind {
    Utf16CodeUnits,
    UnicodeCodePoints,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    driver: Driver,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Driver {
    name: String,
    semantic_version: String,
    rules: Vec<Descriptor>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Descriptor {
    id: String,
    short_description: Text,
    help: Text,
    default_configuration: Configuration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    text: String,
    markdown: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Configuration {
    level: Level,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    None,
    Note,
    Warning,
    Error,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Outcome {
    rule_id: String,
    rule_index: usize,
    level: Level,
    message: Text,
    locations: [Location; 1],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Location {
    logical_locations: [LogicalLocation; 1],
    physical_location: Option<PhysicalLocation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct LogicalLocation {
    name: String,
    fully_qualified_name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Option<Region>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Region {
    start_line: usize,
}

impl Log {
    /// Checks what the types leave open.
    fn check(self) -> Vec<Outcome> {
        assert!(self.schema.ends_with("/sarif-schema-2.1.0.json"));
        assert_eq!(self.version, "2.1.0");
        let [
            Run {
                tool: Tool { driver },
                column_kind,
                results,
            },
        ] = self.runs;
        assert!(matches!(column_kind, ColumnKind::UnicodeCodePoints));
        assert_eq!(
            (&*driver.name, &*driver.semantic_version),
            ("berth", env!("CARGO_PKG_VERSION"))
        );
        let rules: BTreeMap<&str, Level> = driver
            .rules
            .iter()
            .map(|rule| {
                assert!(
                    rule.short_description.text.ends_with('.')
                        && rule.short_description.markdown.is_none()
                );
                assert!(!rule.help.text.is_empty() && rule.help.markdown.is_some());
                (&*rule.id, rule.default_configuration.level)
            })
            .collect();
        assert_eq!(rules.len(), driver.rules.len(), "each rule once");
        for result in &results {
            assert_eq!(driver.rules[result.rule_index].id, result.rule_id);
            assert_eq!(rules[&*result.rule_id], result.level);
            assert!(!result.message.text.is_empty() && result.message.markdown.is_none());
            let [
                Location {
                    logical_locations: [logical],
                    physical_location,
                },
            ] = &result.locations;
            assert!(logical.fully_qualified_name.starts_with(&logical.name));
            if let Some(PhysicalLocation {
                artifact_location,
                region,
            }) = physical_location
            {
                let allowed = |char: char| char.is_ascii_alphanumeric() || "-._~/%:".contains(char);
                assert!(
                    artifact_location.uri.chars().all(allowed),
                    "{}",
                    artifact_location.uri
                );
                assert!(region.as_ref().is_none_or(|region| region.start_line > 0));
            }
        }
        results
    }
}

#[test]
fn the_log_is_sarif() {
    let directory = tempfile::tempdir().unwrap();
    let policy = repository::text_of("deploy/policy.yaml").replace("amd64-batch, ", "batches, ");
    let misspelt = directory.path().join("é policy#1.yaml");
    std::fs::write(&misspelt, policy).unwrap();
    let misspelt = misspelt.to_str().unwrap();
    for (paths, expected) in [
        (vec!["deploy/policy.yaml"], &[][..]),
        (
            vec![misspelt, "deploy/platforms/karpenter"],
            &["missing-node-pool", "unnamed-node-pool"],
        ),
        (
            vec![
                "deploy/platforms/karpenter",
                "deploy/platforms/critical/karpenter",
            ],
            &["unnamed-node-pool"],
        ),
    ] {
        let text = printed(&paths, "sarif");
        accepted(&text);
        let log: Log = serde_json::from_str(&text).unwrap();
        let results = log.check();
        let mut found: Vec<&str> = results.iter().map(|result| &*result.rule_id).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{paths:?}");
        let mut locations = results.iter().map(|result| &result.locations[0]);
        assert!(locations.all(|location| location.physical_location.is_some()));
    }
}

proptest! {
    /// Anything in the place of anything: looked at, never a panic.
    #[test]
    fn anything_is_looked_at(other in any_json(), place in any::<Index>(), extent in 0..3_usize) {
        let mut objects = vec![repository::shipped_policy()];
        objects.extend(repository::shipped_node_pools());
        let mut all = Value::Array(objects);
        let mut pointers = pointers(&all);
        let pointer = pointers.swap_remove(place.index(pointers.len()));
        *all.pointer_mut(&pointer).unwrap() = other;
        let [policy, node_pools @ ..] = items(&all) else {
            return Ok(());
        };
        let node_pools: Vec<&Value> = node_pools.iter().collect();
        let extent = [Extent::Whole, Extent::NotServed, Extent::Open][extent];
        for flaw in lint(policy, &node_pools, extent).flaws {
            prop_assert!(!flaw.message.is_empty() && !flaw.remedy.is_empty(), "{flaw:?}");
        }
    }
}
