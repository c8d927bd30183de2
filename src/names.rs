//! The names that a cluster sees: the keys of labels and annotations, the API version, and the objects that berth
//! ships.

/// The domain of berth's own labels and annotations, with the slash that ends it.
pub const DOMAIN: &str = "placement.truemark.io/";

/// The label by which a namespace opts in (`enabled`) and a pod opts out (`disabled`).
pub const INJECTION_LABEL: &str = "placement.truemark.io/injection";

/// The label by which a pod asks for a pool. berth writes it on every pod that it places.
pub const POOL_LABEL: &str = "placement.truemark.io/pool";

/// The label by which a pod, or its namespace for it, asks for an architecture.
pub const ARCH_LABEL: &str = "placement.truemark.io/arch";

/// The label that says on which side of a pool's split a pod is. berth writes it, unless the author chose.
pub const CAPACITY_LABEL: &str = "placement.truemark.io/capacity";

/// The annotation by which a pod template sets the base of its split, in pods.
pub const BASE_ANNOTATION: &str = "placement.truemark.io/on-demand-base-capacity";

/// The annotation by which a pod template sets the percentage of its split.
pub const PERCENTAGE_ANNOTATION: &str =
    "placement.truemark.io/on-demand-percentage-above-base-capacity";

/// The annotation by which a `ReplicaSet` that shrinks chooses its pods: those of the lowest cost go first.
pub const DELETION_COST_ANNOTATION: &str = "controller.kubernetes.io/pod-deletion-cost";

/// The annotation in which berth sums up how it placed a pod.
pub const DECISION_ANNOTATION: &str = "placement.truemark.io/decision";

/// The namespaces that berth never touches: the system's, the provisioners', cert-manager's and its own (R3.6).
pub const SYSTEM_NAMESPACES: [&str; 8] = [
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "karpenter",
    "castai",
    "castai-agent",
    "cert-manager",
    "berth-system",
];

/// The `apiVersion` of a policy.
pub const API_VERSION: &str = "placement.truemark.io/v1alpha1";

/// The `kind` of a policy.
pub const KIND: &str = "PlacementPolicy";

/// The label with a namespace's name. Every API server adds it, and nobody can change it.
pub const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// The name of both webhook configurations. The API server calls webhooks in the order of their names, and this one
/// sorts last: berth sees the changes of all others (R5.10).
pub const SHIPPED_NAME: &str = "zz-berth";

/// The namespace that berth is installed in.
pub const SHIPPED_NAMESPACE: &str = "berth-system";

/// The Service in front of the replicas. The certificate that berth makes for itself is for this Service alone.
pub const SERVICE: &str = "berth";
