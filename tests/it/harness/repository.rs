//! The files of the repository, and the policy and the node pools among them.

use std::path::{Path, PathBuf};

use berth::encoding::yaml;
use serde_json::{Value, json};

/// Returns the absolute path of a path of the repository.
pub(crate) fn path_of(path: impl AsRef<Path>) -> PathBuf {
    Path::new(crate::ROOT).join(path)
}

/// Reads a file of the repository.
pub(crate) fn text_of(path: impl AsRef<Path>) -> String {
    let path = path_of(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the files below a directory of the repository, sorted by path; none if the directory is missing.
pub(crate) fn files_below(directory: impl AsRef<Path>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut left = vec![path_of(directory)];
    while let Some(directory) = left.pop() {
        let Ok(entries) = std::fs::read_dir(&directory) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Returns the Rust sources below a directory of the repository, sorted by path.
pub(crate) fn sources_below(directory: impl AsRef<Path>) -> Vec<PathBuf> {
    let mut files = files_below(directory);
    files.retain(|file| file.extension().is_some_and(|end| end == "rs"));
    files
}

/// Returns the documents of a YAML stream.
pub(crate) fn values_of(stream: &str) -> Vec<Value> {
    yaml::documents(stream)
        .map(|document| yaml::parse(document.text).unwrap())
        .collect()
}

/// Reads the first document of a YAML file.
pub(crate) fn value_of(path: impl AsRef<Path>) -> Value {
    values_of(&text_of(path)).remove(0)
}

/// Reads the policy that ships.
pub(crate) fn shipped_policy() -> Value {
    value_of("deploy/policy.yaml")
}

/// Returns the shipped policy with the fields of its spec that `overrides` names replaced.
pub(crate) fn policy_with(overrides: &Value) -> Value {
    let mut policy = shipped_policy();
    for (field, value) in overrides.as_object().into_iter().flatten() {
        policy["spec"][field] = value.clone();
    }
    policy
}

/// Reads the node pools that ship, each in the shape of an entry of a policy's catalogue.
pub(crate) fn shipped_node_pools() -> Vec<Value> {
    let files = files_below("deploy/platforms/karpenter");
    let objects = files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "yaml"))
        .flat_map(|file| values_of(&text_of(file)))
        .filter(|object| object["kind"] == "NodePool");
    objects
        .map(|object| {
            let spec = &object["spec"]["template"]["spec"];
            json!({
                "name": object["metadata"]["name"],
                "requirements": spec["requirements"],
                "taints": spec.get("taints").unwrap_or(&json!([])),
            })
        })
        .collect()
}
