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
pub fn or_embedded(given: Catalogue) -> Result<Catalogue, FieldError> {
    if given.is_empty() {
        embedded_node_pools()
    } else {
        Ok(given)
    }
}
