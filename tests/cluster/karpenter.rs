//! berth and Karpenter together: which nodes are made, and which pods run on them.

mod agreement;
mod cast_ai;
mod examples;
mod limits;
mod outside;
pub(crate) mod pools;

use crate::harness::cluster::Extent;
use crate::runner::{Group, tests};

pub(crate) fn group() -> Group {
    Group {
        name: "karpenter",
        extent: Extent::All,
        tests: tests![
            // First: where an earlier test's pods fill a node, there is no room for a DaemonSet's.
            examples::examples,
            examples::inflate,
            pools::every_pool,
            pools::architecture,
            pools::any_architecture,
            outside::before_other_node_pools,
            limits::at_its_limit,
            cast_ai::node_templates,
            // Last: it leaves many nodes.
            agreement::agreement,
        ],
    }
}
