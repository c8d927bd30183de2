//! berth and the Karpenter of AWS: its own instance types, labels and definitions, and the node pools as they ship.

mod agreement;
mod shipped;

use crate::harness::cluster::Extent;
use crate::runner::{Group, tests};

pub(crate) fn group() -> Group {
    Group {
        name: "karpenter-aws",
        extent: Extent::Aws,
        tests: tests![shipped::node_pools, agreement::agreement],
    }
}
