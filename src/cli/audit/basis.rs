//! The objects of a cluster or of a dump of one, and the snapshot that judges them.

use crate::cli::cluster::Basis;
use crate::placement::Snapshot;
use crate::policy::Source;

use super::inventory::Inventory;
use super::report::{PolicySummary, PoolSummary};

/// The objects and the snapshot, as they have been read.
#[derive(Debug)]
pub(super) struct Read {
    /// The origin, for a person.
    pub(super) origin: String,
    pub(super) inventory: Inventory,
    /// The policy, the node pools and the namespaces.
    pub(super) snapshot: Snapshot,
    /// The source of the policy.
    pub(super) policy: Source,
    /// True if the NodePool objects are those that there are.
    pub(super) has_limits: bool,
    /// Remarks on what could not be read, and what is assumed.
    pub(super) remarks: Vec<String>,
    /// True if all that was asked for has been read.
    pub(super) is_whole: bool,
}

impl Read {
    /// Returns the policy in short.
    pub(super) fn policy_summary(&self) -> PolicySummary {
        let policy = &self.snapshot.policy;
        let pools = policy.pools().iter().map(|pool| PoolSummary {
            name: pool.name.to_string(),
            node_pools: pool.all_node_pools().map(ToString::to_string).collect(),
        });
        PolicySummary {
            source: self.policy.as_str(),
            mode: policy.mode.as_str().to_owned(),
            pools: pools.collect(),
        }
    }
}

/// Says which NodePools cannot be read. Those count as absent.
pub(super) fn unreadable(basis: &Basis) -> Vec<String> {
    let (_, unreadable) = basis.live();
    let unreadable = unreadable.into_iter();
    unreadable
        .map(|(name, error)| {
            format!("NodePool {name} cannot be read, and counts as absent: {error}")
        })
        .collect()
}
