//! The node pools of a catalogue that a policy can send pods to, and the reason why each other one is left out.

use std::fmt;

use crate::instance::{Property, Table};
use crate::label::{ARCH, OS};
use crate::node::{Catalogue, NodePool, State};

/// The architectures of EC2.
pub(super) const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];

/// The parts of taints by which people keep pods off nodes with accelerators.
const ACCELERATORS: [&str; 4] = ["gpu", "neuron", "habana", "accelerator"];

/// The taint of nodes for critical add-ons.
const CRITICAL_ADDONS: &str = "CriticalAddonsOnly";

/// The node pools of a catalogue, by their use for a policy.
#[derive(Debug, Default)]
pub(super) struct Candidates<'c> {
    /// Those that pods can be sent to, ordered by name.
    pub(super) usable: Vec<&'c NodePool>,
    pub(super) left_out: Vec<LeftOut<'c>>,
}

/// A node pool that a policy had better not name.
#[derive(Debug)]
pub(super) struct LeftOut<'c> {
    pub(super) name: &'c str,
    pub(super) why: Why,
}

/// The reason why a node pool is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// Karpenter makes no node of it for a pod.
    State(State),
    Windows,
    /// Its nodes have GPUs or other accelerators.
    Accelerator,
    /// Its nodes are for critical add-ons.
    AddOns,
    /// It offers no architecture of EC2.
    Architecture,
}

impl Why {
    /// Returns the reason in words that follow the name of the node pool.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::State(state) => state.obstacle().unwrap_or("is ready"),
            Self::Windows => "is for Windows, and berth places pods for Linux",
            Self::Accelerator => "is for GPUs or other accelerators",
            Self::AddOns => "is for critical add-ons, which berth leaves alone",
            Self::Architecture => "offers neither amd64 nor arm64",
        }
    }
}

impl LeftOut<'_> {
    /// True if its nodes are of use to pods that ask for it.
    pub(super) fn is_for_accelerators(&self) -> bool {
        self.why == Why::Accelerator
    }
}

impl fmt::Display for LeftOut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.why.words())
    }
}

impl<'c> Candidates<'c> {
    pub(super) fn of(catalogue: &'c Catalogue) -> Self {
        let mut candidates = Self::default();
        for node_pool in catalogue.iter() {
            match obstacle(node_pool) {
                None => candidates.usable.push(node_pool),
                Some(why) => candidates.left_out.push(LeftOut {
                    name: node_pool.name(),
                    why,
                }),
            }
        }
        candidates
    }
}

/// Returns the reason why no pod can be sent to a node pool for good. One that is full or not ready yet may be so for a
/// while.
fn obstacle(node_pool: &NodePool) -> Option<Why> {
    match node_pool.state() {
        State::Ready | State::Unready | State::Full => {}
        state @ (State::Static | State::Empty | State::Deleting | State::Absent) => {
            return Some(Why::State(state));
        }
    }
    let tainted = |test: &dyn Fn(&str) -> bool| {
        let mut taints = node_pool.hard_taints();
        taints.any(|taint| test(&taint.key))
    };
    if !node_pool.may_have(OS, "linux") {
        Some(Why::Windows)
    } else if tainted(&|key| ACCELERATORS.iter().any(|part| key.contains(part)))
        || has_accelerators(node_pool)
    {
        Some(Why::Accelerator)
    } else if tainted(&|key| key == CRITICAL_ADDONS) {
        Some(Why::AddOns)
    } else if !ARCHITECTURES
        .iter()
        .any(|name| node_pool.may_have(ARCH, name))
    {
        Some(Why::Architecture)
    } else {
        None
    }
}

/// True if every instance type of a node pool has an accelerator, as far as berth knows its types.
fn has_accelerators(node_pool: &NodePool) -> bool {
    let Some(mut types) = node_pool.instance_types() else {
        return false;
    };
    for property in [Property::GpuCount, Property::AcceleratorCount] {
        types &= &Table::get().having(property, |count| count.is_none());
    }
    types.is_empty()
}
