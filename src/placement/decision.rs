//! The outcome for one pod.

use super::edits::Edits;
use super::reason::Reason;
use crate::node::NodePool;
use crate::policy::{Mode, Pool, Rule};

/// The outcome for one pod.
///
/// One struct for pods that are placed and for pods that are left alone: every output shows the rule, the pool and
/// the reason of either, and `edits` is empty where nothing is to be done.
#[derive(Debug, Clone)]
pub struct Decision<'p> {
    /// Why.
    pub reason: Reason,
    /// Whether the decision is carried out.
    pub mode: Mode,
    /// The rule that matched.
    pub rule: Option<&'p Rule>,
    /// The pool.
    pub pool: Option<&'p Pool>,
    /// The node pools of the placement, in the policy's order.
    pub node_pools: Vec<&'p NodePool>,
    /// The architectures of the placement, in the policy's order.
    pub architectures: Vec<&'p str>,
    /// What the pod lacks.
    pub edits: Edits<'p>,
    /// What in the pod or the cluster is in the way, for a person to read.
    pub detail: Option<String>,
}

impl Decision<'_> {
    /// A pod that is left as it is.
    #[must_use]
    pub fn leave(reason: Reason) -> Self {
        Self {
            reason,
            mode: Mode::Enforce,
            rule: None,
            pool: None,
            node_pools: Vec::new(),
            architectures: Vec::new(),
            edits: Edits::default(),
            detail: None,
        }
    }

    /// The same, with what is in the way.
    pub(super) fn left(reason: Reason, detail: String) -> Self {
        Self {
            detail: Some(detail),
            ..Self::leave(reason)
        }
    }
}
