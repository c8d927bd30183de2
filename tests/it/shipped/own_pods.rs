//! The pods of what ships pass berth's own checks, on the node pools of each platform.
//!
//! The chart renders the Deployment of the kustomization: `tests/cluster/installing/chart.rs` compares the two.

use std::collections::BTreeSet;

use berth::encoding::yaml;
use berth::node::{Catalogue, NodePool};
use berth::placement::Snapshot;
use berth::policy::{embedded_policy, read_policy};
use serde_json::{Value, json};

use super::manifests::of_kind;
use crate::harness::kustomize::{rendered, rendered_of};
use crate::harness::review::{Review, template_path};
use crate::harness::{repository, snapshots};

/// The kinds whose pods berth judges.
const WORKLOADS: [&str; 5] = ["Pod", "Job", "CronJob", "Deployment", "StatefulSet"];

/// The files of the node pools of each platform, without and with the optional ones.
const PLATFORMS: [&[&str]; 4] = [
    &["deploy/platforms/karpenter"],
    &[
        "deploy/platforms/karpenter",
        "deploy/platforms/critical/karpenter",
    ],
    &["deploy/platforms/eks-auto-mode"],
    &[
        "deploy/platforms/eks-auto-mode",
        "deploy/platforms/critical/eks-auto-mode",
    ],
];

/// The shipped installations that make pods.
const INSTALLATIONS: [&str; 6] = [
    "deploy",
    "deploy/overlays/cert-manager",
    "deploy/overlays/mounted-certificate",
    "deploy/overlays/cronjob-templates",
    "deploy/overlays/boundary",
    "deploy/examples",
];

/// The findings that are meant, each with its workload: the example that asks for a GPU, which no node pool has.
const MEANT: [&str; 1] = ["training: unschedulable"];

/// berth with its monitoring, as `docs/monitoring.md` has it.
const MONITORED: &str = "
resources: [berth/deploy]
components: [berth/deploy/monitoring, berth/deploy/monitoring/dashboard]
";

/// berth on CAST AI, as the page of that platform has it.
const ON_CAST_AI: &str = "
resources: [berth/deploy]
components: [berth/deploy/platforms/cast-ai/berth]
";

/// Makes the snapshot of a cluster that has the node pools of these directories, and the default policy.
fn with_node_pools(directories: &[&str]) -> Snapshot {
    let mut catalogue = Catalogue::default();
    for node_pool in directories.iter().flat_map(|one| of_kind(one, "NodePool")) {
        let node_pool = NodePool::from_object(node_pool).unwrap();
        catalogue.insert(node_pool).unwrap();
    }
    let (policy, _) = embedded_policy().unwrap();
    snapshots::opted_in(policy, catalogue).unwrap()
}

/// Makes the snapshot of a cluster of CAST AI.
fn cast_ai() -> Snapshot {
    let policy = repository::text_of("deploy/platforms/cast-ai/policy.yaml");
    let (policy, catalogue) = read_policy(&policy).unwrap();
    snapshots::opted_in(policy, catalogue).unwrap()
}

/// Returns the workloads of a rendered kustomization: as they are, and without their priority class, which would exempt
/// them from the checks. Any author's pods lack it.
fn workloads(rendered: &str) -> Vec<Value> {
    let mut objects = repository::values_of(rendered);
    objects.retain(|object| WORKLOADS.contains(&object["kind"].as_str().unwrap()));
    let ordinary: Vec<Value> = objects
        .iter()
        .filter_map(|object| {
            let mut object = object.clone();
            let path = template_path(object["kind"].as_str().unwrap());
            let spec = object.pointer_mut(&format!("{path}/spec")).unwrap();
            spec.as_object_mut().unwrap().remove("priorityClassName")?;
            Some(object)
        })
        .collect();
    objects.extend(ordinary);
    objects
}

/// Returns what the checks find in the workloads of a rendered kustomization and nobody meant.
fn unmeant(rendered: &str, snapshot: &Snapshot) -> BTreeSet<String> {
    let workloads = workloads(rendered);
    assert!(!workloads.is_empty());
    let found = workloads.iter().flat_map(|workload| {
        let name = workload["metadata"]["name"].as_str().unwrap();
        let verdict = Review::of(workload).validate(snapshot);
        let findings = verdict.findings.into_iter();
        findings.map(move |check| format!("{name}: {check}"))
    });
    found
        .filter(|found| !MEANT.contains(&found.as_str()))
        .collect()
}

#[test]
fn no_check_finds_anything_on_the_node_pools_of_each_platform() {
    let mut installations: Vec<String> = INSTALLATIONS.iter().map(rendered).collect();
    installations.push(rendered_of(MONITORED));
    for directories in PLATFORMS {
        let snapshot = with_node_pools(directories);
        for installation in &installations {
            let found = unmeant(installation, &snapshot);
            assert_eq!(found, BTreeSet::new(), "{directories:?}");
        }
    }
    // Its term for CAST AI is for no other platform.
    installations.push(rendered_of(ON_CAST_AI));
    let snapshot = cast_ai();
    for installation in &installations {
        let found = unmeant(installation, &snapshot);
        assert_eq!(found, BTreeSet::new(), "CAST AI");
    }
}

/// Returns the terms of the preferred node affinity of berth's Deployment.
fn preferences(rendered: &str) -> Vec<Value> {
    let objects = repository::values_of(rendered).into_iter();
    let mut deployments = objects.filter(|object| object["kind"] == "Deployment");
    let affinity = &deployments.next().unwrap()["spec"]["template"]["spec"]["affinity"];
    let preferred = &affinity["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"];
    preferred.as_array().unwrap().clone()
}

/// The values of the chart show the term that the component adds.
#[test]
fn the_chart_and_the_component_have_the_same_term_for_cast_ai() {
    let mut added = preferences(&rendered_of(ON_CAST_AI));
    let shipped = preferences(&rendered("deploy"));
    added.retain(|term| !shipped.contains(term));
    let values = repository::text_of("deploy/charts/berth/values.yaml");
    let (_, shown) = values.split_once("#   nodePreferences:\n").unwrap();
    let shown = shown.lines().map_while(|line| line.strip_prefix("#   "));
    let shown = yaml::parse(&shown.collect::<Vec<_>>().join("\n")).unwrap();
    assert_eq!(shown, json!(added));
    assert_eq!(added.len(), 1);
}
