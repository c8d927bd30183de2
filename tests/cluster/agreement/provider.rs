//! A provider of Karpenter's, as far as the agreement depends on it.

use proptest::strategy::BoxedStrategy;
use serde_json::Value;

use super::pods::Sketch;

/// A provider of Karpenter's.
pub(crate) struct Provider {
    /// The name of its program.
    pub(crate) program: &'static str,
    /// Generates a node pool of this name for pods of these names.
    pub(crate) node_pool: fn(&'static str, &[String]) -> BoxedStrategy<Value>,
    pub(crate) pod: fn() -> BoxedStrategy<Sketch>,
    pub(crate) evidence: Evidence,
    /// Returns what node classes and instances add to the requirements of every node pool, one list for each zone.
    pub(crate) facts: fn() -> Vec<Vec<Value>>,
    /// The labels whose values depend on the instance type.
    pub(crate) depends_on_types: &'static [&'static str],
    /// The number of pods of a run, unless the environment says another.
    pub(crate) pods: usize,
    /// The number of pods that share node pools and are created together.
    pub(crate) pods_of_a_round: usize,
}

/// The evidence by which a pod has got a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// The pod is bound.
    Bound,
    /// An instance was launched for the pod alone. No node is made of it, which would take seconds.
    Launched,
}
