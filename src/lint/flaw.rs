//! A flaw, and the lint that finds it.

use crate::encoding::field::{FieldError, FieldPath};
use crate::named::named;
use crate::preflight::Severity;

named! {
    /// A lint: one thing that can be wrong with a policy or its node pools.
    pub enum Lint {
        /// berth refuses the policy.
        InvalidPolicy = "invalid-policy",
        /// A pool binds `Preferred`, and has a tainted node pool.
        PreferredOnTainted = "preferred-on-tainted",
        /// The node pools of a pool carry their names as different labels.
        MixedNodeLabels = "mixed-node-labels",
        /// berth cannot read a NodePool, which then counts as absent.
        UnreadableNodePool = "unreadable-node-pool",
        /// Several NodePools have one name.
        RepeatedNodePool = "repeated-node-pool",
        /// An earlier rule takes all pods of a rule.
        UnreachedRule = "unreached-rule",
        /// Nothing meets the conditions of a rule or a pool.
        MatchesNothing = "matches-nothing",
        /// A rule reads the pool from a label that its pods may lack.
        OptionalPoolLabel = "optional-pool-label",
        /// No rule sends pods to a pool.
        UnusedPool = "unused-pool",
        /// There is no node pool of a pool.
        PoolWithoutNodePools = "pool-without-node-pools",
        /// A pool names a node pool that there is not, beside others that there are.
        MissingNodePool = "missing-node-pool",
        /// A pool has no node pool of the architecture that the policy chooses for its pods.
        MissingArchitecture = "missing-architecture",
        /// A node pool of an on-demand side may make spot nodes.
        SpotOnDemandSide = "spot-on-demand-side",
        /// None of the own node pools of a split pool makes spot nodes.
        SplitWithoutSpot = "split-without-spot",
        /// A split pool has an architecture on one side alone.
        OneSidedArchitecture = "one-sided-architecture",
        /// The numbers of a split send all pods to one side.
        IdleSide = "idle-side",
        /// A node pool of a dedicated pool is open to the pods of others.
        LeakyNodePool = "leaky-node-pool",
        /// Karpenter prefers an open node pool to those of the default pool.
        HeavyNodePool = "heavy-node-pool",
        /// No instance type meets the requirements of a node pool.
        EmptyNodePool = "empty-node-pool",
        /// No pool names a node pool.
        UnnamedNodePool = "unnamed-node-pool",
    }
}

impl Lint {
    /// Returns the severity of its flaws. An error keeps the policy, or a node pool, from counting at all.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::InvalidPolicy
            | Self::PreferredOnTainted
            | Self::MixedNodeLabels
            | Self::UnreadableNodePool => Severity::Error,
            Self::RepeatedNodePool
            | Self::UnreachedRule
            | Self::MatchesNothing
            | Self::OptionalPoolLabel
            | Self::UnusedPool
            | Self::PoolWithoutNodePools
            | Self::MissingNodePool
            | Self::MissingArchitecture
            | Self::SpotOnDemandSide
            | Self::SplitWithoutSpot
            | Self::OneSidedArchitecture
            | Self::LeakyNodePool
            | Self::HeavyNodePool
            | Self::EmptyNodePool => Severity::Warning,
            Self::IdleSide | Self::UnnamedNodePool => Severity::Note,
        }
    }

    /// Returns what it finds, in a sentence.
    #[must_use]
    pub fn summary(self) -> &'static str {
        match self {
            Self::InvalidPolicy => "berth refuses the policy.",
            Self::PreferredOnTainted => "A pool binds Preferred, and has a tainted node pool.",
            Self::MixedNodeLabels => {
                "The node pools of a pool carry their names as different labels."
            }
            Self::UnreadableNodePool => "berth cannot read a NodePool, and takes it for absent.",
            Self::RepeatedNodePool => "Several NodePools have one name.",
            Self::UnreachedRule => "An earlier rule takes all pods of a rule.",
            Self::MatchesNothing => "Nothing meets the conditions of a rule or a pool.",
            Self::OptionalPoolLabel => "A rule reads the pool from a label that its pods may lack.",
            Self::UnusedPool => "No rule sends pods to a pool.",
            Self::PoolWithoutNodePools => "There is no node pool of a pool.",
            Self::MissingNodePool => "A pool names a node pool that there is not.",
            Self::MissingArchitecture => {
                "A pool has no node pool of the architecture that the policy chooses for its pods."
            }
            Self::SpotOnDemandSide => "A node pool of an on-demand side may make spot nodes.",
            Self::SplitWithoutSpot => {
                "None of the own node pools of a split pool makes spot nodes."
            }
            Self::OneSidedArchitecture => "A split pool has an architecture on one side alone.",
            Self::IdleSide => "The numbers of a split send all pods to one side.",
            Self::LeakyNodePool => "A node pool of a dedicated pool is open to the pods of others.",
            Self::HeavyNodePool => {
                "Karpenter prefers an open node pool to those of the default pool."
            }
            Self::EmptyNodePool => "No instance type meets the requirements of a node pool.",
            Self::UnnamedNodePool => "No pool names a node pool.",
        }
    }
}

/// The object that a flaw is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The policy.
    Policy,
    /// The NodePool object at this position, from 0.
    NodePool(usize),
}

/// Something that is accepted and surely not meant so, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The lint that finds it.
    pub lint: Lint,
    /// The object.
    pub subject: Subject,
    /// The path of the field, which need not be written.
    pub path: FieldPath,
    /// The flaw, and its consequence.
    pub message: String,
    /// The remedy.
    pub remedy: String,
}

impl Flaw {
    /// Makes a flaw of an error in a field. The end of its message, if it has two parts, is the remedy.
    pub(super) fn of_error(lint: Lint, subject: Subject, error: &FieldError) -> Self {
        let (message, remedy) = error.parts();
        Self {
            lint,
            subject,
            path: error.path.clone(),
            message: message.to_owned(),
            remedy: remedy.unwrap_or("correct the field").to_owned(),
        }
    }
}
