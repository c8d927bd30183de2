//! The seeds of the fuzz targets: the reviews, policies, node pools and texts that the repository has.

use std::path::Path;

use berth::cases::{self, Review};
use serde_json::Value;

use crate::harness::repository::{files_below, path_of, policy_with, text_of, values_of};

/// A target, and an input for it.
type Seed = (&'static str, Vec<u8>);

fn reviews() -> Vec<Seed> {
    let files = files_below("tests/cases").into_iter();
    let cases = files.flat_map(|file| cases::read(&text_of(file)).cases);
    let bodies = cases.map(|read| Review::of(&read.case).0.body());
    bodies.map(|body| ("review", body)).collect()
}

fn yaml_below(directory: &str) -> Vec<String> {
    let files = files_below(directory).into_iter();
    let files = files.filter(|file| file.extension().is_some_and(|end| end == "yaml"));
    files.map(text_of).collect()
}

/// Returns the policies and the node pools that ship, and the policies of cases and of those that must be refused.
fn objects() -> Vec<Seed> {
    let kustomized = ["deploy/platforms", "deploy/examples"];
    let texts = kustomized
        .iter()
        .flat_map(|directory| yaml_below(directory));
    let shipped = texts.chain([text_of("deploy/policy.yaml")]);
    let objects = shipped.flat_map(|text| values_of(&text));
    let seed = |object: Value| match object["kind"].as_str() {
        Some("NodePool") => Some(("node_pool", object.to_string().into_bytes())),
        Some("PlacementPolicy") => Some(("policy", object.to_string().into_bytes())),
        _ => None,
    };
    let mut seeds: Vec<Seed> = objects.filter_map(seed).collect();
    let documents = ["tests/policies", "tests/cases"].into_iter();
    let texts = documents.flat_map(yaml_below);
    for document in texts.flat_map(|text| values_of(&text)) {
        if document["policy"].is_object() {
            let policy = policy_with(&document["policy"]);
            seeds.push(("policy", policy.to_string().into_bytes()));
        }
    }
    seeds
}

fn texts() -> Vec<Seed> {
    let directories = ["tests/cases", "deploy/platforms", "deploy/examples"];
    let texts = directories
        .iter()
        .flat_map(|directory| yaml_below(directory));
    let texts: Vec<String> = texts.collect();
    let documents = texts
        .iter()
        .flat_map(|text| berth::encoding::yaml::documents(text));
    documents
        .map(|document| ("yaml", document.text.as_bytes().to_vec()))
        .collect()
}

/// There are seeds for each target but `merge`, whose bytes nobody writes. `BERTH_SEEDS` names a directory to write them to.
#[test]
fn there_are_seeds_for_the_fuzz_targets() {
    let seeds = [reviews(), objects(), texts()].concat();
    for target in ["review", "policy", "node_pool", "yaml"] {
        let found = seeds.iter().filter(|(of, _)| *of == target).count();
        assert!(found >= 6, "{target}: {found}");
        assert!(path_of("fuzz/corpus").join(target).is_dir(), "{target}");
    }
    let Some(directory) = std::env::var_os("BERTH_SEEDS") else {
        return;
    };
    for (number, (target, seed)) in seeds.iter().enumerate() {
        let room = Path::new(&directory).join(target);
        std::fs::create_dir_all(&room).unwrap();
        std::fs::write(room.join(format!("seed-{number}")), seed).unwrap();
    }
}
