//! berth and the Karpenter of AWS: its own instance types, labels and definitions, and the node pools as they ship.

mod agreement;
mod definitions;
mod platform;
mod shipped;

use crate::harness::cluster::Extent;
use crate::runner::{Group, tests};

/// Returns the tests with a Karpenter of one's own.
pub(crate) fn own() -> Group {
    Group {
        name: "karpenter-aws",
        extent: Extent::Aws,
        tests: tests![
            shipped::node_pools,
            definitions::labels,
            agreement::agreement
        ],
    }
}

/// Returns the tests with the labels of EKS Auto Mode.
pub(crate) fn auto_mode() -> Group {
    Group {
        name: "karpenter-auto-mode",
        extent: Extent::AutoMode,
        tests: tests![
            definitions::labels_of_auto_mode,
            agreement::auto_mode_agreement
        ],
    }
}
