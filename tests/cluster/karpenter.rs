//! berth and Karpenter together: the nodes that are made, and the pods that run on them.

mod agreement;
mod audit;
mod cast_ai;
mod examples;
mod limits;
mod live;
mod outside;
pub(crate) mod pools;
mod split;

use crate::harness::cluster::Extent;
use crate::runner::{Group, tests};

pub(crate) fn group() -> Group {
    Group {
        name: "karpenter",
        extent: Extent::All,
        tests: tests![
            // It is first: a node that an earlier test has filled has no room for a DaemonSet's pod.
            examples::examples,
            examples::inflate,
            pools::every_pool,
            pools::architecture,
            pools::any_architecture,
            outside::before_other_node_pools,
            live::init,
            live::lint,
            live::explain,
            audit::audit,
            limits::at_its_limit,
            split::split,
            split::split_kinds,
            split::split_replicas,
            cast_ai::node_templates,
            // It is last, and leaves many nodes.
            agreement::agreement,
        ],
    }
}
