//! What berth is given to begin with: the files that flags name and, where there are none, the defaults compiled in.

use super::snapshot::Snapshot;
use crate::encoding::field::FieldError;
use crate::node::Catalogue;
use crate::policy::{Policy, embedded_node_pools, embedded_policy};

/// The policy and the node pools of the flags.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The policy of `--policy`, with the static catalogue that its file holds.
    pub policy: Option<(Policy, Catalogue)>,
    /// The node pools of `--node-pools`.
    pub node_pools: Catalogue,
}

impl Given {
    /// What there is to decide by where there is no cluster to look at.
    ///
    /// # Errors
    /// When the node pools make the policy dangerous: see [`Policy::check`].
    pub fn snapshot(self) -> Result<Snapshot, FieldError> {
        let (policy, of_policy) = match self.policy {
            Some(policy) => policy,
            None => embedded_policy()?,
        };
        let catalogue = or_embedded(of_policy.with(&self.node_pools))?;
        Snapshot::new(policy, catalogue)
    }
}

/// A catalogue that somebody gave; else the default policy's node pools, which are then taken to exist.
///
/// # Errors
/// Never for a build whose tests pass.
pub fn or_embedded(given: Catalogue) -> Result<Catalogue, FieldError> {
    if given.is_empty() {
        embedded_node_pools()
    } else {
        Ok(given)
    }
}
