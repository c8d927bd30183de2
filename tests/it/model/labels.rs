//! The labels that generated requirements are about.

use proptest::prelude::*;
use proptest::sample::select;

use super::names::{
    ARCH, CAPACITY_TYPE, CATEGORY, CPU, HOSTNAME, INSTANCE_TYPE, NODE_POOL, NODE_POOLS,
    NODE_TEMPLATE, OS, ZONE,
};

/// Names of node templates, of both kinds of generated worlds.
const TEMPLATES: [&str; 6] = [
    "amd64-default",
    "truemark-amd64",
    "amd64-batch",
    "default-by-castai",
    "batch-amd64",
    "batch-arm64",
];

/// A key with everything in it that a JSON pointer has to escape.
const ODD: &str = "example.com/a~b";

/// The labels, each with values for it.
pub(crate) const LABELS: [(&str, &[&str]); 17] = [
    (ARCH, &["amd64", "arm64", "s390x"]),
    ("beta.kubernetes.io/arch", &["amd64", "arm64"]),
    (NODE_POOL, &NODE_POOLS),
    (NODE_TEMPLATE, &TEMPLATES),
    ("scheduling.cast.ai/spot", &["true"]),
    (CAPACITY_TYPE, &["spot", "on-demand"]),
    (ZONE, &["eu-1a", "eu-1b"]),
    (
        "failure-domain.beta.kubernetes.io/zone",
        &["eu-1a", "eu-1b"],
    ),
    (CPU, &["4", "8", "12"]),
    (CATEGORY, &["c", "m", "t", "g"]),
    (
        INSTANCE_TYPE,
        &["m7g.xlarge", "m7i.2xlarge", "m4.large", "z1d.3xlarge"],
    ),
    ("topology.ebs.csi.aws.com/zone", &["eu-1a"]),
    ("example.com/team", &["red", "blue", ""]),
    (ODD, &["x"]),
    (OS, &["linux", "windows"]),
    (HOSTNAME, &["ip-10-0-0-1"]),
    ("eks.amazonaws.com/compute-type", &["auto", "fargate"]),
];

/// Picks a label and its values: often one that decides, seldom one that only exempts.
pub(crate) fn label() -> impl Strategy<Value = (&'static str, &'static [&'static str])> {
    prop_oneof![
        4 => select(&LABELS[0..2]),
        4 => select(&LABELS[2..4]),
        6 => select(&LABELS[4..14]),
        1 => select(&LABELS[14..17]),
    ]
}
