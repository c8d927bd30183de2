//! The recorded workloads: objects that people have written, one a line of a file that `BERTH_CORPUS` names.

use std::io::Write;
use std::path::PathBuf;

use serde_json::Value;

use crate::harness::repository::path_of;

/// Returns the recorded objects, each with its origin. If there are none, a notice says so, which `tests/run` reads: a
/// test that sees nothing looks like one that passes.
pub(crate) fn workloads(of: &str) -> Vec<(String, Value)> {
    let path = std::env::var_os("BERTH_CORPUS").map_or_else(
        || path_of("../shared/corpus/workloads.jsonl"),
        PathBuf::from,
    );
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let lines = text.lines().map(|line| {
        let mut entry: Value = serde_json::from_str(line).unwrap();
        let origin = format!("{} {} {}", entry["repo"], entry["path"], entry["i"]);
        (origin, entry["object"].take())
    });
    let workloads: Vec<_> = lines.collect();
    if workloads.is_empty() {
        // Not by a macro: what those print, the harness keeps to itself while the test passes.
        let notice =
            format!("not run: {of} on recorded workloads, since BERTH_CORPUS names none\n");
        std::io::stderr().write_all(notice.as_bytes()).unwrap();
    }
    workloads
}
