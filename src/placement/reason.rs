//! Why a pod is as it is: the closed set of reasons that every output shares.

use super::named::named;

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
