//! The labels that nodes on AWS have, that others have, and that nobody may ask for.

use crate::agreement::labels::{DISK, GENERATION, Label, NODE_POOLS, TEAM, Vocabulary, label};
use crate::agreement::names::{
    ARCH, CAPACITY_TYPE, CPU, INSTANCE_TYPE, NODE_POOL, OS, REGION, ZONE,
};

pub(super) const CATEGORY: &str = "karpenter.k8s.aws/instance-category";
pub(super) const FAMILY: &str = "karpenter.k8s.aws/instance-family";
pub(super) const INSTANCE_GENERATION: &str = "karpenter.k8s.aws/instance-generation";
pub(super) const SIZE: &str = "karpenter.k8s.aws/instance-size";
pub(super) const MEMORY: &str = "karpenter.k8s.aws/instance-memory";
pub(super) const HYPERVISOR: &str = "karpenter.k8s.aws/instance-hypervisor";
pub(super) const ZONE_ID: &str = "topology.k8s.aws/zone-id";

pub(super) const ZONES: &[&str] = &["us-east-1a", "us-east-1b", "us-east-1c"];
pub(super) const ZONE_IDS: &[&str] = &["use1-az1", "use1-az2", "use1-az4"];
pub(super) const CATEGORIES: &[&str] = &["c", "m", "r", "t", "g"];
pub(super) const FAMILIES: &[&str] = &["m5", "c6i", "m7g", "r6a", "t3", "t4g", "g5", "m4", "c5d"];
pub(super) const GENERATIONS: &[&str] = &["4", "5", "6", "7"];
pub(super) const SIZES: &[&str] = &["large", "xlarge", "2xlarge", "4xlarge"];
pub(super) const CPUS: &[&str] = &["2", "4", "8", "16"];
pub(super) const MEMORIES: &[&str] = &["8192", "16384", "32768", "65536"];

/// Types of both architectures, old ones, burstable ones and ones with GPUs or accelerators.
const TYPES: &[&str] = &[
    "m5.large",
    "c6i.xlarge",
    "m7g.xlarge",
    "r6a.4xlarge",
    "t3.medium",
    "t4g.large",
    "m4.large",
    "c5d.2xlarge",
    "g4dn.xlarge",
    "g5g.xlarge",
    "p4d.24xlarge",
    "inf2.xlarge",
];

/// Names of types that berth's table does not have. To berth they are newer than the table.
pub(super) const NO_TYPES: &[&str] = &["m99.large", "m5.lrage", "quark"];
pub(super) const NO_FAMILIES: &[&str] = &["zz9"];

/// Labels that Karpenter gives to nodes itself, that it never lets a pod ask for.
pub(super) const RESTRICTED: &[&str] = &[
    "karpenter.sh/nodepool-hash",
    "karpenter.sh/provisioner-name",
    "karpenter.sh/initialized",
    "karpenter.k8s.aws/unheard-of",
    "karpenter.k8s.aws/ec2nodeclass",
    "kubernetes.io/hostname",
];

/// Labels that nodes of EKS have elsewhere: custom ones here.
pub(super) const ELSEWHERE: &[&str] = &[
    "eks.amazonaws.com/capacityType",
    "eks.amazonaws.com/nodegroup",
    "eks.amazonaws.com/instance-category",
    "scheduling.cast.ai/spot",
];

static LABELS: [Label; 46] = [
    label(16, ARCH, &["amd64", "arm64"], &["s390x", "x86_64"]),
    label(3, "beta.kubernetes.io/arch", &["amd64", "arm64"], &["arm"]),
    label(
        16,
        CAPACITY_TYPE,
        &["spot", "on-demand"],
        &["reserved", "SPOT"],
    ),
    label(12, ZONE, ZONES, &["us-east-1f"]),
    label(
        2,
        "failure-domain.beta.kubernetes.io/zone",
        ZONES,
        &["us-east-1f"],
    ),
    label(4, "topology.ebs.csi.aws.com/zone", ZONES, &["us-east-1f"]),
    label(5, ZONE_ID, ZONE_IDS, &["use1-az6"]),
    label(2, REGION, &["us-east-1"], &["eu-west-1"]),
    label(3, OS, &["linux", "linux", "windows"], &["plan9"]),
    label(14, NODE_POOL, &NODE_POOLS, &["amd64-defualt", "truemark"]),
    label(12, TEAM, &["red", "blue", "green"], &["mauve", ""]),
    label(6, GENERATION, &["3", "5", "7"], &["five", "99"]),
    label(4, DISK, &["ssd", "hdd"], &["floppy"]),
    label(2, "example.com/taem", &["red"], &["blue"]),
    label(16, INSTANCE_TYPE, TYPES, NO_TYPES),
    label(2, "beta.kubernetes.io/instance-type", TYPES, NO_TYPES),
    label(12, CATEGORY, CATEGORIES, &["x9"]),
    label(12, FAMILY, FAMILIES, NO_FAMILIES),
    label(10, INSTANCE_GENERATION, GENERATIONS, &["99"]),
    label(8, SIZE, SIZES, &["tiny"]),
    label(10, CPU, CPUS, &["3"]),
    label(6, MEMORY, MEMORIES, &["5"]),
    label(5, HYPERVISOR, &["nitro", "xen", ""], &["kvm"]),
    label(
        5,
        "karpenter.k8s.aws/instance-cpu-manufacturer",
        &["intel", "amd", "aws"],
        &["ibm"],
    ),
    label(
        2,
        "karpenter.k8s.aws/instance-cpu-sustained-clock-speed-mhz",
        &["2500", "3500"],
        &["1"],
    ),
    label(
        4,
        "karpenter.k8s.aws/instance-local-nvme",
        &["75", "150", "474"],
        &["1"],
    ),
    label(
        2,
        "karpenter.k8s.aws/instance-ebs-bandwidth",
        &["4750", "10000"],
        &["1"],
    ),
    label(
        2,
        "karpenter.k8s.aws/instance-network-bandwidth",
        &["1250", "12500"],
        &["1"],
    ),
    label(
        4,
        "karpenter.k8s.aws/instance-gpu-name",
        &["t4", "a10g", "l4"],
        &["h9000"],
    ),
    label(
        2,
        "karpenter.k8s.aws/instance-gpu-manufacturer",
        &["nvidia"],
        &["intel"],
    ),
    label(
        2,
        "karpenter.k8s.aws/instance-gpu-count",
        &["1", "4", "8"],
        &["3"],
    ),
    label(
        1,
        "karpenter.k8s.aws/instance-gpu-memory",
        &["16384", "24576"],
        &["1"],
    ),
    label(
        2,
        "karpenter.k8s.aws/instance-accelerator-name",
        &["inferentia"],
        &["tpu"],
    ),
    label(
        1,
        "karpenter.k8s.aws/instance-accelerator-count",
        &["1"],
        &["3"],
    ),
    label(
        3,
        "karpenter.k8s.aws/instance-capability-flex",
        &["true", "false"],
        &["maybe"],
    ),
    label(
        2,
        "karpenter.k8s.aws/instance-tenancy",
        &["default", "dedicated"],
        &["host"],
    ),
    label(
        2,
        "karpenter.k8s.aws/instance-encryption-in-transit-supported",
        &["true", "false"],
        &["x"],
    ),
    label(
        1,
        "karpenter.k8s.aws/capacity-reservation-id",
        &["cr-1"],
        &["cr-2"],
    ),
    label(
        1,
        "karpenter.k8s.aws/capacity-reservation-type",
        &["default"],
        &["other"],
    ),
    label(
        1,
        "karpenter.k8s.aws/placement-group-id",
        &["pg-1"],
        &["pg-2"],
    ),
    label(
        5,
        "eks.amazonaws.com/instance-category",
        &["c", "m", "r"],
        &["x9"],
    ),
    label(3, "eks.amazonaws.com/instance-cpu", &["4", "8"], &["3"]),
    label(
        2,
        "eks.amazonaws.com/compute-type",
        &["auto"],
        &["serverless"],
    ),
    label(1, "karpenter.sh/nodepool-hash", &["1"], &["2"]),
    label(1, "karpenter.k8s.aws/unheard-of", &["1"], &["2"]),
    label(1, "kubernetes.io/hostname", &["node-1"], &["node-2"]),
];

pub(super) static VOCABULARY: Vocabulary = Vocabulary {
    labels: &LABELS,
    bounds: &[
        (CPU, &["2", "4", "15", "64", "500"]),
        (MEMORY, &["4096", "16384", "500000"]),
        (INSTANCE_GENERATION, &["3", "4", "6", "9"]),
        ("karpenter.k8s.aws/instance-local-nvme", &["100", "4000"]),
        ("karpenter.k8s.aws/instance-gpu-count", &["0", "3"]),
        ("eks.amazonaws.com/instance-cpu", &["4"]),
        (GENERATION, &["2", "5"]),
    ],
};
