//! berth as it follows a cluster: an API server alone, on whose objects only the tests and berth act.

mod audit;
mod boundary;
mod checks;
mod guard;
mod losses;
mod memory;
mod namespaces;
mod node_pools;
mod only_rights;
mod policy;
mod rights;
mod self_managed;
mod split;
pub(crate) mod stage;
mod states;

use crate::harness::cluster::Extent;
use crate::runner::{Group, tests};

pub(crate) fn group() -> Group {
    Group {
        name: "watching",
        extent: Extent::ApiServer,
        tests: tests![
            // It is first, while there are no node pools.
            node_pools::without_node_pools,
            node_pools::node_pools,
            states::states,
            namespaces::namespaces,
            policy::policy,
            policy::policy_unusable,
            rights::without_rights,
            rights::rights,
            only_rights::only_rights,
            guard::guard,
            // They give berth the right to see pods, for good.
            split::split,
            split::split_at_once,
            self_managed::self_managed,
            self_managed::self_managed_rights,
            self_managed::self_managed_elsewhere,
            audit::audit,
            checks::checks,
            checks::updates,
            boundary::boundary,
            losses::definitions_lost,
            losses::api_server_lost,
            memory::memory,
        ],
    }
}
