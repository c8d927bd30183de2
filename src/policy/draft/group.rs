//! Groups of node pools that differ by architecture alone, as far as a pod can tell.

use std::collections::BTreeMap;
use std::fmt;

use smol_str::SmolStr;

use super::naming::{is_for_jobs, stem};
use crate::label::{ARCH, CAPACITY_TYPE, LASTING, canonical};
use crate::node::{NodePool, Taint};

/// A capacity that AWS may take away, or not. The order is that of preference for pods that ask for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Capacity {
    Spot,
    /// Spot where there is some, and on-demand where not.
    Either,
    OnDemand,
}

impl Capacity {
    fn of(node_pool: &NodePool) -> Self {
        let spot = node_pool.may_have(CAPACITY_TYPE, "spot");
        let lasting = LASTING
            .iter()
            .any(|name| node_pool.may_have(CAPACITY_TYPE, name));
        match (spot, lasting) {
            (true, false) => Self::Spot,
            (true, true) => Self::Either,
            (false, _) => Self::OnDemand,
        }
    }

    /// Returns the capacity as a name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Spot => "spot",
            Self::Either => "spot-or-on-demand",
            Self::OnDemand => "on-demand",
        }
    }
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Spot => "spot",
            Self::Either => "spot and on-demand",
            Self::OnDemand => "on-demand",
        })
    }
}

/// All by which two node pools are told apart, but for the architecture.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Likeness {
    is_for_jobs: bool,
    capacity: Capacity,
    node_label: SmolStr,
    /// Key, value and effect of each taint. A value lacks the words for an architecture: many node pools are tainted with
    /// their own names.
    taints: Vec<(SmolStr, String, SmolStr)>,
    labels: Vec<(String, String)>,
}

/// Node pools that differ by architecture alone.
#[derive(Debug)]
pub(super) struct Group<'c> {
    pub(super) capacity: Capacity,
    pub(super) is_for_jobs: bool,
    /// Its node pools, ordered by name; at least one.
    pub(super) node_pools: Vec<&'c NodePool>,
}

impl<'c> Group<'c> {
    /// Groups node pools. The groups are ordered by capacity, and then by the names of their first node pools.
    pub(super) fn all(node_pools: &[&'c NodePool]) -> Vec<Self> {
        let mut groups: BTreeMap<Likeness, Vec<&'c NodePool>> = BTreeMap::new();
        for node_pool in node_pools {
            groups
                .entry(likeness(node_pool))
                .or_default()
                .push(node_pool);
        }
        let made = groups.into_iter().map(|(likeness, node_pools)| Self {
            capacity: likeness.capacity,
            is_for_jobs: likeness.is_for_jobs,
            node_pools,
        });
        let mut groups: Vec<Self> = made.collect();
        groups.sort_by_key(|group| (group.capacity, group.node_pools[0].name().clone()));
        groups
    }

    /// Returns the taints of its first node pool that keep other pods off, but for those of an architecture.
    pub(super) fn taints(&self) -> impl Iterator<Item = &'c Taint> {
        taints(self.node_pools[0])
    }

    /// True if a taint keeps other pods off its nodes.
    pub(super) fn is_tainted(&self) -> bool {
        self.taints().next().is_some()
    }

    /// Returns the names of its node pools.
    pub(super) fn names(&self) -> Vec<&str> {
        let names = self.node_pools.iter();
        names.map(|node_pool| &**node_pool.name()).collect()
    }

    /// Returns the name that its node pools have in common, without their architectures. `None` if they have none.
    pub(super) fn stem(&self) -> Option<String> {
        let mut stems = self
            .node_pools
            .iter()
            .map(|node_pool| stem(node_pool.name()));
        let first = stems.next().filter(|first| !first.is_empty())?;
        stems.all(|stem| stem == first).then_some(first)
    }
}

/// Returns the taints that tell node pools apart: none that says which architecture the nodes have.
fn taints(node_pool: &NodePool) -> impl Iterator<Item = &Taint> {
    node_pool.hard_taints().filter(|taint| {
        let names_architecture = !taint.value.is_empty() && stem(&taint.value).is_empty();
        canonical(&taint.key) != ARCH && !names_architecture
    })
}

fn likeness(node_pool: &NodePool) -> Likeness {
    let hard: Vec<_> = taints(node_pool).collect();
    let names = hard.iter().flat_map(|taint| [&*taint.key, &*taint.value]);
    let mut names = names.chain([&**node_pool.name()]);
    let mut taints: Vec<_> = hard
        .iter()
        .map(|taint| (taint.key.clone(), stem(&taint.value), taint.effect.clone()))
        .collect();
    taints.sort();
    let labels = node_pool.custom_labels();
    Likeness {
        is_for_jobs: names.any(is_for_jobs),
        capacity: Capacity::of(node_pool),
        node_label: node_pool.node_label().into(),
        taints,
        labels: labels
            .map(|(key, value)| (key.to_owned(), stem(value)))
            .collect(),
    }
}
