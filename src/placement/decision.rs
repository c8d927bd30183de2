//! The decision for one pod, as every output shows it.

use super::counts::Assigned;
use super::edits::Edits;
use super::reason::Reason;
use crate::node::NodePool;
use crate::policy::{Mode, Pool, Rule};

/// The decision for one pod.
///
/// One struct serves pods that berth places and pods that it leaves alone: every output shows the rule, the pool and
/// the reason of both.
#[derive(Debug, Clone)]
pub struct Decision<'p> {
    /// The reason, from a closed set that every output shares.
    pub reason: Reason,
    /// `Enforce` if berth carries out the decision, `Audit` if it only reports it.
    pub mode: Mode,
    /// The rule that matches the pod. `None` if no rule does, or if berth never looks at the rules.
    pub rule: Option<&'p Rule>,
    /// The pool that the rule gives, even if the pod does not get there.
    pub pool: Option<&'p Pool>,
    /// The side of the pool that the pod goes to. `None` if the pool is not split.
    pub assigned: Option<Assigned>,
    /// The node pools of the placement, in the policy's order.
    pub node_pools: Vec<&'p NodePool>,
    /// The architectures of the placement, in the policy's order.
    pub architectures: Vec<&'p str>,
    /// The additions to the pod; empty if it needs none.
    pub edits: Edits<'p>,
    /// The obstacle in the pod or in the cluster, for a person to read.
    pub detail: Option<String>,
}

impl Decision<'_> {
    /// Returns the decision to leave a pod as it is.
    #[must_use]
    pub fn leave(reason: Reason) -> Self {
        Self {
            reason,
            mode: Mode::Enforce,
            rule: None,
            pool: None,
            assigned: None,
            node_pools: Vec::new(),
            architectures: Vec::new(),
            edits: Edits::default(),
            detail: None,
        }
    }

    /// Returns the decision to leave a pod as it is, with the obstacle.
    pub(super) fn left(reason: Reason, detail: String) -> Self {
        Self {
            detail: Some(detail),
            ..Self::leave(reason)
        }
    }
}
