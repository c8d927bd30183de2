//! The versions of Kubernetes: the pages, the charts, `berth check` and the cluster tests name the same.

use berth::preflight::Assessment;
use berth::preflight::installation::{Unseen, check_installation};

use crate::harness::repository;

/// Returns the versions that the cluster tests run on, oldest first: the minor ones, and those in full.
fn tested() -> Vec<(u32, String)> {
    let pins = repository::files_below("tests/cluster/programs/kubernetes").into_iter();
    let pins = pins.filter(|file| file.ends_with("go.mod"));
    let mut versions: Vec<(u32, String)> = pins
        .map(|file| {
            let text = repository::text_of(&file);
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix("require k8s.io/kubernetes v"));
            let version = line.unwrap().split(' ').next().unwrap().to_owned();
            let minor = version.split('.').nth(1).unwrap().parse().unwrap();
            (minor, version)
        })
        .collect();
    versions.sort();
    versions
}

/// Returns the oldest minor version on which the charts can be installed.
fn oldest() -> u32 {
    let charts = ["berth", "berth-node-pools"].map(|chart| {
        let chart = repository::value_of(format!("deploy/charts/{chart}/Chart.yaml"));
        let version = chart["kubeVersion"].as_str().unwrap();
        let minor = version.strip_prefix(">=1.").unwrap();
        minor.strip_suffix(".0-0").unwrap().parse().unwrap()
    });
    assert_eq!(charts[0], charts[1]);
    charts[0]
}

/// Returns a page in one line, since its sentences break anywhere.
fn flowing(page: &str) -> String {
    let text = repository::text_of(page);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A control plane runs beside Karpenter, Helm and the rest, which are built once: the newest is the one of the gate.
#[test]
fn the_tests_run_on_every_version_of_a_range_and_the_gate_on_the_newest() {
    let versions = tested();
    let minors: Vec<u32> = versions.iter().map(|(minor, _)| *minor).collect();
    let range: Vec<u32> = (minors[0]..=*minors.last().unwrap()).collect();
    assert_eq!(minors, range);
    let gate = repository::text_of("tests/cluster/programs/kubernetes/go.mod");
    let newest = &versions.last().unwrap().1;
    assert!(gate.contains(&format!("\nrequire k8s.io/kubernetes v{newest} ")));
    for (minor, version) in &versions[..versions.len() - 1] {
        let path = format!("tests/cluster/programs/kubernetes/1.{minor}/go.mod");
        assert!(repository::text_of(path).contains(&format!(" v{version} ")));
    }
}

#[test]
fn every_page_names_the_same_range() {
    let (versions, oldest) = (tested(), oldest());
    let range = format!("1.{} to 1.{}", versions[0].0, versions.last().unwrap().0);
    for page in [
        "README.md",
        "deploy/README.md",
        "deploy/charts/berth/README.md",
    ] {
        let text = flowing(page);
        let runs = format!("Kubernetes 1.{oldest} or newer");
        assert!(text.contains(&runs), "{page} does not say: {runs}");
        assert!(text.contains(&range), "{page} does not say: {range}");
    }
    for page in [
        "deploy/platforms/README.md",
        "docs/reliability.md",
        "tests/cluster/README.md",
    ] {
        let text = flowing(page);
        for (_, version) in &versions {
            assert!(text.contains(version), "{page} does not name {version}");
        }
    }
    let row = format!("| Kubernetes | 1.{oldest}: ");
    assert!(flowing("deploy/platforms/README.md").contains(&row));
}

#[test]
fn the_oldest_version_of_the_charts_is_that_of_the_check() {
    let faults = |minor: u32| {
        let (minor, assessment) = (minor.to_string(), Assessment::default());
        let faults = check_installation(&[], ("1", &minor), &Unseen::new(), &assessment);
        let mut faults = faults.into_iter();
        faults.find(|fault| fault.object.starts_with("API server"))
    };
    let oldest = oldest();
    assert!(faults(oldest).is_none());
    let fault = faults(oldest - 1).unwrap();
    assert_eq!(fault.remedy, format!("Kubernetes 1.{oldest} or newer"));
}
