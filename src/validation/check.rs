//! The checks by name, and how the policy switches each.

use crate::named::named;
use crate::policy::{Action, Validation};

named! {
    /// The checks.
    pub enum Check {
        /// The pool label names no pool.
        UnknownPool = "unknown-pool",
        /// The namespace may not use the pool that the pod asks for by label, or lets itself into.
        NotEntitled = "not-entitled",
        /// No node of any kind could satisfy the pod's own selectors.
        Contradiction = "contradiction",
        /// No node pool of the catalogue fits.
        Unschedulable = "unschedulable",
        /// The pod lets itself into a dedicated node pool that no rule places it in.
        SelfPlaced = "self-placed",
        /// A toleration of every taint, or of the one by which Karpenter drains a node.
        WildcardToleration = "wildcard-toleration",
        /// A label stands on the workload, where it has no effect, and not on its pod template.
        LabelOnWorkload = "label-on-workload",
        /// A `StatefulSet` with volume claims would run on spot alone.
        StatefulOnSpot = "stateful-on-spot",
        /// `nodeName` is set by hand.
        BoundByAuthor = "bound-by-author",
        /// The mutating revision should have placed the pod and did not.
        NotPlaced = "not-placed",
    }
}

impl Check {
    /// What the policy has the check do.
    #[must_use]
    pub fn action(self, validation: &Validation) -> Action {
        match self {
            Self::UnknownPool => validation.unknown_pool,
            Self::NotEntitled => validation.not_entitled,
            Self::Contradiction => validation.contradiction,
            Self::Unschedulable => validation.unschedulable,
            Self::SelfPlaced => validation.self_placed,
            Self::WildcardToleration => validation.wildcard_toleration,
            Self::LabelOnWorkload => validation.label_on_workload,
            Self::StatefulOnSpot => validation.stateful_on_spot,
            Self::BoundByAuthor => validation.bound_by_author,
            Self::NotPlaced => validation.not_placed,
        }
    }
}
