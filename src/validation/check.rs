//! The checks by name, and the policy's action for each.

use crate::named::named;
use crate::policy::{Action, Validation};

named! {
    /// A check. Its name is also that of its file, its case file and its heading in `docs/validation.md`.
    pub enum Check {
        /// The pool label names no pool.
        UnknownPool = "unknown-pool",
        /// The architecture label of the pod or of its namespace names no architecture.
        UnknownArchitecture = "unknown-architecture",
        /// The pod asks by label for a pool that its namespace may not use, or lets itself into one.
        NotEntitled = "not-entitled",
        /// No node of any kind can satisfy the pod's own selectors.
        Contradiction = "contradiction",
        /// No node pool of the catalogue fits.
        Unschedulable = "unschedulable",
        /// The cluster has no node pool of the pool that the pod gets.
        PoolUnavailable = "pool-unavailable",
        /// A label or an annotation of berth's own domain that there is not, or a value that it does not have.
        UnknownLabel = "unknown-label",
        /// The heaviest preference names a label that Karpenter may not put on a node.
        RestrictedPreference = "restricted-preference",
        /// A hard spread or anti-affinity is over a label of which placement leaves too few values.
        SplitDomains = "split-domains",
        /// The pod lets itself into a dedicated node pool that no rule places it in.
        SelfPlaced = "self-placed",
        /// The pod tolerates every taint, or the one by which Karpenter drains a node.
        WildcardToleration = "wildcard-toleration",
        /// A label stands on the workload, where it has no effect, and not on its pod template.
        LabelOnWorkload = "label-on-workload",
        /// A `StatefulSet` with volume claims would run on spot alone.
        StatefulOnSpot = "stateful-on-spot",
        /// Somebody set `nodeName` by hand.
        BoundByAuthor = "bound-by-author",
        /// The mutating side should have placed the pod and did not.
        NotPlaced = "not-placed",
    }
}

impl Check {
    /// Returns the action that the policy sets for the check.
    #[must_use]
    pub fn action(self, validation: &Validation) -> Action {
        match self {
            Self::UnknownPool => validation.unknown_pool,
            Self::UnknownArchitecture => validation.unknown_architecture,
            Self::NotEntitled => validation.not_entitled,
            Self::Contradiction => validation.contradiction,
            Self::Unschedulable => validation.unschedulable,
            Self::PoolUnavailable => validation.pool_unavailable,
            Self::UnknownLabel => validation.unknown_label,
            Self::RestrictedPreference => validation.restricted_preference,
            Self::SplitDomains => validation.split_domains,
            Self::SelfPlaced => validation.self_placed,
            Self::WildcardToleration => validation.wildcard_toleration,
            Self::LabelOnWorkload => validation.label_on_workload,
            Self::StatefulOnSpot => validation.stateful_on_spot,
            Self::BoundByAuthor => validation.bound_by_author,
            Self::NotPlaced => validation.not_placed,
        }
    }
}
