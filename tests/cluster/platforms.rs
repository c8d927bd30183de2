//! The files for each platform: applied as its pages say, and at work on a provider other than AWS.

mod auto_mode;
mod objects;

use crate::harness::cluster::Extent;
use crate::runner::{Group, tests};

/// Returns the tests on a cluster with the definitions of Karpenter's AWS provider in place of KWOK's. Nobody acts on
/// its objects.
pub(crate) fn objects() -> Group {
    Group {
        name: "platforms",
        extent: Extent::ApiServer,
        tests: tests![
            objects::two_facts,
            objects::left_out,
            objects::chart,
            objects::switches,
            objects::applied,
        ],
    }
}

/// Returns the tests on a cluster like EKS Auto Mode's. Its node pools have the names of Karpenter's, so that one
/// cluster has room for one of the two platforms.
pub(crate) fn auto_mode() -> Group {
    Group {
        name: "auto-mode",
        extent: Extent::All,
        tests: tests![
            auto_mode::every_pool,
            auto_mode::on_demand,
            auto_mode::not_opted_in,
            auto_mode::critical,
            auto_mode::optional_critical,
        ],
    }
}
