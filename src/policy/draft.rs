//! A first policy over the node pools that there are, as a text for a person to read and to change.

mod candidates;
mod form;
mod group;
mod naming;
mod outline;
mod text;

use crate::node::Catalogue;
use crate::policy::file::Mode;
use candidates::Candidates;
pub use form::Form;
use outline::Outline;

/// A policy over the node pools of a catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The document in YAML, with comments on all that could not be known.
    pub text: String,
    /// The names of its pools, in its order.
    pub pools: Vec<String>,
    /// The number of node pools in its pools.
    pub node_pools: usize,
}

/// The error for a catalogue without a node pool that a policy could send pods to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoNodePool {
    /// There is none at all.
    #[error("there is no node pool")]
    None,
    /// There are some, and each is left out.
    #[error("no node pool takes pods: {0}")]
    LeftOut(String),
}

/// Writes a policy in which each pool is a group of node pools that differ by architecture alone. The same catalogue
/// always gives the same text.
///
/// # Errors
/// If there is no node pool that pods could be sent to.
pub fn draft(catalogue: &Catalogue, mode: Mode, form: Form) -> Result<Draft, NoNodePool> {
    let candidates = Candidates::of(catalogue);
    if candidates.usable.is_empty() {
        let reasons = candidates.left_out.iter().map(ToString::to_string);
        let reasons: Vec<String> = reasons.collect();
        return Err(if reasons.is_empty() {
            NoNodePool::None
        } else {
            NoNodePool::LeftOut(reasons.join("; "))
        });
    }
    let outline = Outline::of(candidates);
    Ok(Draft {
        text: text::write(&outline, mode, form),
        pools: outline.pools.iter().map(|pool| pool.name.clone()).collect(),
        node_pools: outline
            .pools
            .iter()
            .map(|pool| pool.group.node_pools.len())
            .sum(),
    })
}
