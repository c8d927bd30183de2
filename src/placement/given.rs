//! The files that flags name, and the compiled-in defaults that stand in for those that no flag names.

use super::snapshot::Snapshot;
use crate::encoding::field::FieldError;
use crate::node::Catalogue;
use crate::policy::{Policy, embedded_node_pools, embedded_policy};

/// The policy and the node pools that flags name.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The policy of `--policy`, with the node pools that its file lists under `spec.catalogue`.
    pub policy: Option<(Policy, Catalogue)>,
    /// The node pools of `--node-pools`; empty if the flag is not set.
    pub node_pools: Catalogue,
}

impl Given {
    /// Returns the snapshot to decide by if berth follows no cluster.
    ///
    /// # Errors
    /// If the node pools make the policy dangerous: see [`Policy::check`].
    pub fn snapshot(self) -> Result<Snapshot, FieldError> {
        let (policy, of_policy) = match self.policy {
            Some(policy) => policy,
            None => embedded_policy()?,
        };
        let catalogue = or_embedded(of_policy.with(&self.node_pools))?;
        Snapshot::new(policy, catalogue)
    }
}

/// Returns the given catalogue, or the default policy's node pools if it is empty. berth takes those to exist.
///
/// # Errors
/// If the compiled-in node pools are invalid: never for a build whose tests pass.
fn or_embedded(given: Catalogue) -> Result<Catalogue, FieldError> {
    if given.is_empty() {
        embedded_node_pools()
    } else {
        Ok(given)
    }
}

/// The NodePool objects of a cluster.
#[derive(Debug, Clone)]
pub enum Live {
    /// These, and no others.
    Listed(Catalogue),
    /// The cluster serves no NodePools.
    NotServed,
    /// berth may not list them, so that any may be there.
    Unknown,
}

/// Returns the node pools to decide by: those of the cluster, and the external ones of the files and the policy.
///
/// If the cluster serves no NodePools, all node pools of the files and the policy take their place. If berth may not list
/// them and there are none in the files or the policy, the default policy's take their place: a node pool that berth
/// cannot see may exist.
///
/// # Errors
/// If the compiled-in node pools are invalid: never for a build whose tests pass.
pub fn live_catalogue(live: Live, written: Catalogue) -> Result<Catalogue, FieldError> {
    Ok(match live {
        // An external entry replaces a live node pool of its name: its author says that no object describes it.
        Live::Listed(live) => {
            let externals = written.externals();
            if externals.is_empty() {
                live
            } else {
                live.with(&externals)
            }
        }
        Live::NotServed => written,
        Live::Unknown => or_embedded(written)?,
    })
}
