//! The names that the model and the generators share: labels, annotations and fields. The cluster tests include this
//! file by its path.

/// The label of a node's architecture.
pub(crate) const ARCH: &str = "kubernetes.io/arch";
/// The label of a node's operating system.
pub(crate) const OS: &str = "kubernetes.io/os";
/// The label of a node's own name.
pub(crate) const HOSTNAME: &str = "kubernetes.io/hostname";
/// The label of a node's instance type.
pub(crate) const INSTANCE_TYPE: &str = "node.kubernetes.io/instance-type";
/// The label of a node's zone.
pub(crate) const ZONE: &str = "topology.kubernetes.io/zone";
/// The label of a node's region.
pub(crate) const REGION: &str = "topology.kubernetes.io/region";

/// The older names of labels, each with the one that it stands for.
pub(crate) const ALIASES: [(&str, &str); 6] = [
    ("beta.kubernetes.io/arch", ARCH),
    ("beta.kubernetes.io/os", OS),
    ("beta.kubernetes.io/instance-type", INSTANCE_TYPE),
    ("failure-domain.beta.kubernetes.io/zone", ZONE),
    ("failure-domain.beta.kubernetes.io/region", REGION),
    ("topology.ebs.csi.aws.com/zone", ZONE),
];

/// The label by which Karpenter's nodes carry the names of their node pools.
pub(crate) const NODE_POOL: &str = "karpenter.sh/nodepool";
/// The label that says how Karpenter pays for a node.
pub(crate) const CAPACITY_TYPE: &str = "karpenter.sh/capacity-type";
/// The label of the number of a node's processors, which Karpenter knows from the instance type.
pub(crate) const CPU: &str = "karpenter.k8s.aws/instance-cpu";
/// The label of the category of a node's instance type.
pub(crate) const CATEGORY: &str = "karpenter.k8s.aws/instance-category";
/// The label by which the nodes of CAST AI carry the names of their node templates.
pub(crate) const NODE_TEMPLATE: &str = "scheduling.cast.ai/node-template";
/// The labels by which the nodes of generated node pools carry their names.
pub(crate) const NODE_LABELS: [&str; 2] = [NODE_POOL, NODE_TEMPLATE];

/// The node pools that ship, which generated policies and pods name.
pub(crate) const NODE_POOLS: [&str; 6] = [
    "amd64-default",
    "arm64-default",
    "truemark-amd64",
    "truemark-arm64",
    "amd64-batch",
    "arm64-batch",
];

/// The key of the taint of the nodes for add-ons.
pub(crate) const CRITICAL_ADDONS: &str = "CriticalAddonsOnly";

/// The label that asks for a pool.
pub(crate) const POOL_LABEL: &str = "placement.truemark.io/pool";
/// The label that asks for an architecture.
pub(crate) const ARCH_LABEL: &str = "placement.truemark.io/arch";
/// The label that opts in or out.
pub(crate) const INJECTION_LABEL: &str = "placement.truemark.io/injection";
/// The annotation that says how a pod was placed.
pub(crate) const DECISION: &str = "placement.truemark.io/decision";

/// The field of the terms that a node must match.
pub(crate) const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
/// The field of the terms that a node had better match.
pub(crate) const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
