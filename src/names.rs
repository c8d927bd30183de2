//! The names that a cluster sees: keys of labels and annotations, the API group, and the objects that berth ships.

/// The namespace label that opts in (`enabled`), and the pod label that opts out (`disabled`).
pub const INJECTION_LABEL: &str = "placement.truemark.io/injection";

/// The label that asks for a pool; berth writes it on every pod that it places.
pub const POOL_LABEL: &str = "placement.truemark.io/pool";

/// The label that asks for an architecture, on a pod or on its namespace.
pub const ARCH_LABEL: &str = "placement.truemark.io/arch";

/// The annotation that says how a pod was placed.
pub const DECISION_ANNOTATION: &str = "placement.truemark.io/decision";

/// Namespaces that berth never touches: the system's, the provisioners', cert-manager's and its own (R3.6).
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
