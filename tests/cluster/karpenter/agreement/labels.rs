//! The labels that node pools and pods speak of.

use proptest::prelude::*;
use proptest::sample::select;

use super::names::{ARCH, CAPACITY_TYPE, NODE_POOL, OS, ZONE};

/// The label by which each pod of a round selects nodes of its own, with its name as the value. Every node belongs to
/// one pod: no pod gets onto a node that was made for another, or onto a node pool of another round, and a node claim
/// names its pod.
pub(super) const OWN: &str = "example.com/pod";

pub(super) const TEAM: &str = "example.com/team";
pub(super) const GENERATION: &str = "example.com/generation";
pub(super) const DISK: &str = "example.com/disk";

pub(super) const NODE_POOLS: [&str; 12] = [
    "amd64-default",
    "arm64-default",
    "truemark-amd64",
    "truemark-arm64",
    "amd64-batch",
    "arm64-batch",
    "general",
    "red-team",
    "blue-team",
    "modern",
    "zonal",
    "spare",
];

pub(super) const ZONES: &[&str] = &["test-zone-a", "test-zone-b", "test-zone-c", "test-zone-d"];

/// A label of pods: its frequency, the values that nodes have, and values that no node has.
#[derive(Debug)]
pub(super) struct Label {
    weight: u32,
    pub(super) key: &'static str,
    pub(super) values: &'static [&'static str],
    others: &'static [&'static str],
}

const fn label(
    weight: u32,
    key: &'static str,
    values: &'static [&'static str],
    others: &'static [&'static str],
) -> Label {
    Label {
        weight,
        key,
        values,
        others,
    }
}

const LABELS: [Label; 14] = [
    label(20, ARCH, &["amd64", "arm64"], &["s390x", "x86_64"]),
    label(6, "beta.kubernetes.io/arch", &["amd64", "arm64"], &["arm"]),
    label(
        20,
        CAPACITY_TYPE,
        &["spot", "on-demand"],
        &["reserved", "fast"],
    ),
    label(20, ZONE, ZONES, &["test-zone-z"]),
    label(
        5,
        "failure-domain.beta.kubernetes.io/zone",
        ZONES,
        &["test-zone-z"],
    ),
    label(5, OS, &["linux", "linux", "windows"], &["plan9"]),
    label(2, "beta.kubernetes.io/os", &["linux"], &["plan9"]),
    label(18, NODE_POOL, &NODE_POOLS, &["amd64-defualt", "truemark"]),
    label(24, TEAM, &["red", "blue", "green"], &["mauve", ""]),
    label(16, GENERATION, &["3", "5", "7"], &["five", "99"]),
    label(10, DISK, &["ssd", "hdd"], &["floppy"]),
    label(4, "example.com/taem", &["red"], &["blue"]),
    label(1, "kubernetes.io/hostname", &["node-1"], &["node-2"]),
    label(1, "karpenter.sh/initialized", &["true"], &["false"]),
];

/// Picks one of the labels by its frequency.
pub(super) fn any_label() -> impl Strategy<Value = &'static Label> + Clone {
    let total = LABELS.iter().map(|label| label.weight).sum();
    (0..total).prop_map(|mut position| {
        LABELS
            .iter()
            .find(|label| {
                let found = position < label.weight;
                position = position.saturating_sub(label.weight);
                found
            })
            .unwrap_or(&LABELS[0])
    })
}

/// Picks a value of a label, most often one that nodes have.
pub(super) fn value_of(label: &'static Label) -> impl Strategy<Value = &'static str> + Clone {
    prop_oneof![19 => select(label.values), 1 => select(label.others)]
}
