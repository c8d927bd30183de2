//! The reasons for which berth places a pod or leaves it alone.

use crate::named::named;

named! {
    /// The reason for which berth places a pod or leaves it alone. Metrics, logs, `explain` and the decision annotation
    /// share these names.
    pub enum Reason {
        /// berth places the pod, which lacks something.
        Placed = "placed",
        /// The pod has everything that berth would add.
        AlreadyPlaced = "already-placed",
        /// The author chose a node pool that is none of the pool's. berth leaves the pod as written.
        Explicit = "explicit",
        /// The author's other constraints exclude every node pool of the pool. berth leaves the pod as written.
        Conflict = "conflict",
        /// The cluster has none of the pool's node pools for the architecture. berth leaves the pod as written.
        Unavailable = "unavailable",
        /// The pod's label names a pool that the policy does not have.
        UnknownPool = "unknown-pool",
        /// The label of the pod or of its namespace names an architecture that the policy does not have.
        UnknownArchitecture = "unknown-architecture",
        /// The pod's label names a side that a split does not have.
        UnknownCapacity = "unknown-capacity",
        /// The namespace may not use the pool.
        NotEntitled = "not-entitled",
        /// No rule of the policy matches the pod.
        NoRule = "no-rule",
        /// The rule says to leave the pod alone.
        LeftByRule = "left-by-rule",
        /// The request has an operation that the endpoint does not judge.
        Operation = "operation",
        /// The request is for a subresource, such as `pods/binding`.
        Subresource = "subresource",
        /// The object is of a kind that berth does not place.
        Kind = "kind",
        /// berth cannot read the object.
        Malformed = "malformed",
        /// berth itself fails, by a bug.
        InternalError = "internal-error",
        /// The namespace belongs to the system, to a provisioner, to cert-manager or to berth.
        Namespace = "namespace",
        /// The namespace has not opted in.
        NotOptedIn = "not-opted-in",
        /// A `DaemonSet` is the pod's controller.
        DaemonSet = "daemonset",
        /// The pod's affinity pins it to a node by that node's name.
        NodePinned = "node-pinned",
        /// The pod mirrors a static pod.
        Mirror = "mirror",
        /// The pod has a `nodeName`.
        Bound = "bound",
        /// The pod needs another operating system than Linux.
        Os = "os",
        /// The pod names another scheduler than the default one.
        Scheduler = "scheduler",
        /// The pod is for Fargate or for hybrid nodes.
        ComputeType = "compute-type",
        /// The pod is for a virtual node.
        VirtualNode = "virtual-node",
        /// The pod has a system-critical priority class.
        Critical = "critical",
        /// The pod selects by `kubernetes.io/hostname`.
        HostPinned = "host-pinned",
        /// The pod's own label opts out.
        OptedOut = "opted-out",
        /// All terms of the required affinity are empty, so no node matches the pod.
        EmptyAffinity = "empty-affinity",
        /// The required affinity has so many terms that the patch would be too large.
        TooManyTerms = "too-many-terms",
        /// The pod is an add-on: it tolerates `CriticalAddonsOnly` by key, and belongs to the nodes with that taint.
        CriticalAddon = "critical-addon",
        /// The pod's required pod affinity binds it to the nodes of other pods.
        BesideOthers = "beside-others",
        /// The pod requests an extended resource or a device. berth does not know which nodes have it.
        SpecialResource = "special-resource",
    }
}

/// A class of reasons. Each reason is in exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// berth places the pod, or has placed it.
    Placed,
    /// The pod runs on a node that exists already, or that Karpenter does not make.
    Elsewhere,
    /// berth leaves the pod alone because of something that its author can mend and that no check always reports.
    Mendable,
    /// berth leaves the pod alone because of something wrong that the validating side or the API server reports.
    Wrong,
    /// berth leaves the pod alone, and nothing is wrong with it.
    Left,
}

impl Reason {
    /// True if berth places the pod, or has placed it.
    #[must_use]
    pub fn is_placed(self) -> bool {
        self.class() == Class::Placed
    }

    /// True if the pod runs on a node that exists already, or that Karpenter does not make.
    #[must_use]
    pub fn runs_elsewhere(self) -> bool {
        self.class() == Class::Elsewhere
    }

    /// True if the pod's author is warned of it where no check reports it.
    #[must_use]
    pub fn concerns_author(self) -> bool {
        self.class() == Class::Mendable
    }

    /// True if berth leaves the pod alone because of something wrong.
    #[must_use]
    pub fn is_amiss(self) -> bool {
        matches!(self.class(), Class::Mendable | Class::Wrong)
    }

    const fn class(self) -> Class {
        match self {
            Self::Placed | Self::AlreadyPlaced => Class::Placed,
            Self::DaemonSet
            | Self::NodePinned
            | Self::Mirror
            | Self::Bound
            | Self::Os
            | Self::Scheduler
            | Self::ComputeType
            | Self::VirtualNode
            | Self::HostPinned
            | Self::CriticalAddon
            | Self::BesideOthers => Class::Elsewhere,
            Self::Conflict | Self::NotEntitled | Self::TooManyTerms => Class::Mendable,
            Self::Unavailable
            | Self::UnknownPool
            | Self::UnknownArchitecture
            | Self::UnknownCapacity
            | Self::EmptyAffinity
            | Self::Malformed => Class::Wrong,
            Self::Explicit
            | Self::NoRule
            | Self::LeftByRule
            | Self::Operation
            | Self::Subresource
            | Self::Kind
            | Self::InternalError
            | Self::Namespace
            | Self::NotOptedIn
            | Self::Critical
            | Self::OptedOut
            | Self::SpecialResource => Class::Left,
        }
    }

    /// Returns the reason as a sentence about the pod. `None` if the decision's own detail says it, or if there is
    /// nothing to explain.
    #[must_use]
    pub const fn sentence(self) -> Option<&'static str> {
        Some(match self {
            Self::Kind => {
                "berth does not change this kind; the pods it creates are placed when they are created"
            }
            Self::DaemonSet => "a DaemonSet runs on the nodes that there are, whatever they are",
            Self::Namespace => "it is a system namespace",
            Self::NotOptedIn => {
                "its namespace has no label placement.truemark.io/injection: enabled"
            }
            Self::OptedOut => "its own label placement.truemark.io/injection: disabled",
            Self::NodePinned => "its affinity names a node",
            Self::HostPinned => "it is pinned to kubernetes.io/hostname",
            Self::Bound => "it has a nodeName",
            Self::Mirror => "it mirrors a static pod",
            Self::Os => "it needs another operating system than Linux",
            Self::Scheduler => "another scheduler places it",
            Self::ComputeType => "it is for Fargate or for hybrid nodes",
            Self::VirtualNode => "it is for a virtual node",
            Self::Critical => "it has a system-critical priority class",
            Self::CriticalAddon => {
                "it tolerates CriticalAddonsOnly by key, so it belongs to the nodes for add-ons"
            }
            Self::BesideOthers => {
                "its required pod affinity on kubernetes.io/hostname binds it to the nodes of other pods; if those \
                 are tainted, the label of their pool lets it in"
            }
            Self::EmptyAffinity => {
                "all terms of its required node affinity are empty, so that no node matches it"
            }
            Self::NoRule => "no rule of the policy matches it",
            Self::LeftByRule => "the rule says so",
            Self::Placed
            | Self::AlreadyPlaced
            | Self::Explicit
            | Self::Conflict
            | Self::Unavailable
            | Self::UnknownPool
            | Self::UnknownArchitecture
            | Self::UnknownCapacity
            | Self::NotEntitled
            | Self::Operation
            | Self::Subresource
            | Self::Malformed
            | Self::InternalError
            | Self::TooManyTerms
            | Self::SpecialResource => return None,
        })
    }
}
