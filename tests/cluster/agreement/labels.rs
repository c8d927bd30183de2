//! The labels that node pools and pods speak of.

use proptest::prelude::*;
use proptest::sample::select;

/// The label by which each pod of a round selects nodes of its own, with its name as the value. Every node belongs to
/// one pod: no pod gets onto a node that was made for another, or onto a node pool of another round, and a node claim
/// names its pod.
pub(crate) const OWN: &str = "example.com/pod";

pub(crate) const TEAM: &str = "example.com/team";
pub(crate) const GENERATION: &str = "example.com/generation";
pub(crate) const DISK: &str = "example.com/disk";

pub(crate) const NODE_POOLS: [&str; 12] = [
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

/// A label of pods: its frequency, the values that nodes have, and values that no node has.
#[derive(Debug)]
pub(crate) struct Label {
    weight: u32,
    pub(super) key: &'static str,
    pub(super) values: &'static [&'static str],
    others: &'static [&'static str],
}

pub(crate) const fn label(
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

/// The labels of one provider, and the bounds that pods set to those that are numbers.
pub(crate) struct Vocabulary {
    pub(crate) labels: &'static [Label],
    pub(crate) bounds: &'static [(&'static str, &'static [&'static str])],
}

/// Picks one of the labels by its frequency.
pub(super) fn any_label(labels: &'static [Label]) -> impl Strategy<Value = &'static Label> + Clone {
    let total = labels.iter().map(|label| label.weight).sum();
    (0..total).prop_map(move |mut position| {
        labels
            .iter()
            .find(|label| {
                let found = position < label.weight;
                position = position.saturating_sub(label.weight);
                found
            })
            .unwrap_or(&labels[0])
    })
}

/// Picks a value of a label, most often one that nodes have.
pub(super) fn value_of(label: &'static Label) -> impl Strategy<Value = &'static str> + Clone {
    prop_oneof![19 => select(label.values), 1 => select(label.others)]
}
