//! The README shows what commands print and a policy that works.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs, iter};

use serde_json::json;

use crate::harness::page::blocks;
use crate::harness::repository;
use crate::harness::review::Review;
use crate::harness::snapshots;

const README: &str = "README.md";

/// The additions to the example that the README explains.
const DIFF: &str = "berth explain -f deploy/examples/cronjob.yaml -o diff | grep '^+ '";

/// Returns what a line of shell prints in the repository, where `berth` is the program under test.
fn printed(line: &str) -> String {
    let berth = Path::new(env!("CARGO_BIN_EXE_berth")).parent().unwrap();
    let path = env::var_os("PATH").unwrap();
    let path = iter::once(berth.to_owned()).chain(env::split_paths(&path));
    let output = Command::new("sh")
        .args(["-c", line])
        .current_dir(repository::path_of(""))
        .env_clear()
        .env("PATH", env::join_paths(path).unwrap())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// A block of a command has what it prints. The block of the diff has the lines that berth adds.
#[test]
fn the_readme_shows_what_is_printed() {
    let page = repository::text_of(README);
    let mut actual = page.clone();
    let mut count = 0;
    for block in blocks(&page) {
        let mut shown = String::new();
        match block.language {
            "console" => {
                for line in block
                    .text
                    .lines()
                    .filter_map(|line| line.strip_prefix("$ "))
                {
                    let _ = write!(shown, "$ {line}\n{}", printed(line));
                }
            }
            "diff" => shown = printed(DIFF),
            _ => continue,
        }
        actual = actual.replace(&block.text, &shown);
        count += 1;
    }
    assert_eq!(count, 2, "one outcome and one diff");
    if env::var_os("SNAPSHOTS").is_some_and(|mode| mode == "overwrite") {
        fs::write(repository::path_of(README), actual).unwrap();
    } else {
        let hint = "to accept it: SNAPSHOTS=overwrite cargo test the_readme";
        assert!(page == actual, "{actual}\n{hint}");
    }
}

/// The policy over two node pools of one's own, on a cluster that has those two and none of the default policy's.
#[test]
fn the_policy_of_the_readme_places_pods() {
    let page = repository::text_of(README);
    // The block stands in a list.
    let lines = page
        .lines()
        .map(|line| line.strip_prefix("   ").unwrap_or(line));
    let page: Vec<&str> = lines.collect();
    let page = page.join("\n");
    let blocks = blocks(&page);
    let policies = blocks
        .iter()
        .filter(|block| block.text.contains("kind: PlacementPolicy"));
    let [policy] = &policies.collect::<Vec<_>>()[..] else {
        panic!("one policy");
    };
    assert!(policy.text.lines().count() <= 15);
    let policy = repository::values_of(&policy.text).remove(0);
    let both =
        json!([{"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64", "arm64"]}]);
    let taint = json!([{"key": "example.com/reliable", "effect": "NoSchedule"}]);
    let node_pools = [
        json!({"name": "general", "requirements": both}),
        json!({"name": "reliable", "requirements": both, "taints": taint}),
    ];
    let snapshot = snapshots::snapshot(&policy, Some(&node_pools)).unwrap();
    for (labels, pool) in [
        (json!({}), "default"),
        (
            json!({"placement.truemark.io/pool": "reliable"}),
            "reliable",
        ),
    ] {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "labels": labels}, "spec": {}});
        let verdict = Review::of(&pod).mutate(&snapshot);
        assert_eq!(verdict.reason.as_str(), "placed");
        assert_eq!(verdict.pool.as_deref(), Some(pool));
    }
}
