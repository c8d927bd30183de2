//! berth and Karpenter together: which nodes are made, and which pods run on them.

mod examples;
mod limits;
mod outside;
mod pools;

use crate::runner::{Group, tests};

pub(crate) fn group() -> Group {
    Group {
        name: "karpenter",
        tests: tests![
            pools::every_pool,
            pools::architecture,
            pools::any_architecture,
            examples::examples,
            examples::inflate,
            outside::before_other_node_pools,
            limits::at_its_limit,
        ],
    }
}
