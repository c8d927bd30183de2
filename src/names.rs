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

/// The label with a namespace's name. Every API server adds it, and nobody can change it.
pub const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// The name of both webhook configurations. It sorts last, so that berth sees what other webhooks have changed.
pub const SHIPPED_NAME: &str = "zz-berth";

/// The namespace of an installation.
pub const SHIPPED_NAMESPACE: &str = "berth-system";

/// The Service in front of the replicas. berth makes its own certificate for no other.
pub const SERVICE: &str = "berth";
