//! Why a pod is as it is: the closed set of reasons that every output shares.

use crate::named::named;

named! {
    /// Why a pod is as it is after berth has looked at it. Metrics, logs, `explain` and the decision annotation share
    /// these names.
    pub enum Reason {
        /// berth places the pod: it lacks something.
        Placed = "placed",
        /// The pod has everything that berth would add.
        AlreadyPlaced = "already-placed",
        /// Its author chose a node pool that is none of the pool's: left as written.
        Explicit = "explicit",
        /// Its author's other constraints exclude every node pool of the pool: left as written.
        Conflict = "conflict",
        /// The cluster has none of the pool's node pools for the architecture: that alone is injected.
        Unavailable = "unavailable",
        /// Its label names a pool that the policy does not know.
        UnknownPool = "unknown-pool",
        /// Its label, or its namespace's, names an architecture that the policy does not know.
        UnknownArchitecture = "unknown-architecture",
        /// Its namespace may not use the pool.
        NotEntitled = "not-entitled",
        /// No rule of the policy matches it.
        NoRule = "no-rule",
        /// A rule says to leave it alone.
        LeftByRule = "left-by-rule",
        /// The request is no CREATE.
        Operation = "operation",
        /// The request is for a subresource, such as `pods/binding`.
        Subresource = "subresource",
        /// The object is of a kind that berth does not place.
        Kind = "kind",
        /// The object could not be read.
        Malformed = "malformed",
        /// berth itself failed.
        InternalError = "internal-error",
        /// Its namespace is the system's, the provisioner's, cert-manager's or berth's own.
        Namespace = "namespace",
        /// Its namespace has not opted in.
        NotOptedIn = "not-opted-in",
        /// A `DaemonSet` made it.
        DaemonSet = "daemonset",
        /// It is pinned to a node by that node's name.
        NodePinned = "node-pinned",
        /// It mirrors a static pod.
        Mirror = "mirror",
        /// It has a `nodeName`.
        Bound = "bound",
        /// It needs another operating system than Linux.
        Os = "os",
        /// Another scheduler places it.
        Scheduler = "scheduler",
        /// It is for Fargate or for hybrid nodes.
        ComputeType = "compute-type",
        /// It is for a virtual node.
        VirtualNode = "virtual-node",
        /// It has a system-critical priority class.
        Critical = "critical",
        /// It is pinned to `kubernetes.io/hostname`.
        HostPinned = "host-pinned",
        /// Its own label opts out.
        OptedOut = "opted-out",
        /// All terms of its required affinity are empty, so that no node matches it.
        EmptyAffinity = "empty-affinity",
        /// Its required affinity has so many terms that the patch would not be small.
        TooManyTerms = "too-many-terms",
        /// It requests an extended resource or a device, of whose nodes berth knows nothing.
        SpecialResource = "special-resource",
    }
}

/// The classes of reasons, of which every reason is in exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// The pod is where berth would have it.
    Placed,
    /// The pod runs on a node that is there already, or that Karpenter does not make.
    Elsewhere,
    /// The pod is left alone for something that its author can mend, and that nothing else says.
    Mendable,
    /// The pod is left alone for something wrong, which the validating side or the API server says.
    Wrong,
    /// The pod is left alone, and nothing is amiss.
    Left,
}

impl Reason {
    /// True if berth places the pod, or has placed it.
    #[must_use]
    pub fn is_placed(self) -> bool {
        self.class() == Class::Placed
    }

    /// True if the pod runs on a node that is there already, or that Karpenter does not make.
    #[must_use]
    pub fn runs_elsewhere(self) -> bool {
        self.class() == Class::Elsewhere
    }

    /// True if the mutating side tells the author of the pod.
    #[must_use]
    pub fn concerns_author(self) -> bool {
        self.class() == Class::Mendable
    }

    /// True if something is wrong with the pod or with what it asks for.
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
            | Self::HostPinned => Class::Elsewhere,
            Self::Conflict
            | Self::Unavailable
            | Self::UnknownArchitecture
            | Self::NotEntitled
            | Self::EmptyAffinity
            | Self::TooManyTerms => Class::Mendable,
            Self::UnknownPool | Self::Malformed => Class::Wrong,
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

    /// Returns the reason as a sentence about the pod, for a decision that says nothing more. Returns `None` where the
    /// decision's own detail says it, or where there is nothing to explain.
    #[must_use]
    pub const fn sentence(self) -> Option<&'static str> {
        Some(match self {
            Self::Kind => "berth places the pods that it makes, not its template",
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
