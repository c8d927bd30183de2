//! The costs of a registration at the API server: how much longer a pod's CREATE takes with berth, with other webhooks and
//! with a policy in the API server than with none.

mod amounts;
mod blocks;
mod bystanders;
mod conditions;
mod latencies;
mod mutation;
mod peers;
mod pods;
mod policy;
mod rows;
mod stage;
mod table;

use crate::harness::cluster::Extent;
use crate::runner::{Group, tests};

pub(crate) fn group() -> Group {
    Group {
        name: "costs",
        extent: Extent::ApiServer,
        tests: tests![mutation::mutation, bystanders::bystanders],
    }
}
