//! The state of a node pool: what keeps Karpenter from making a node of it for a pod.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::named::named;

named! {
    /// The state of a node pool that a policy names. Karpenter makes a node for a pod of a ready one alone.
    #[derive(Default, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    pub enum State {
        /// Karpenter makes nodes of it.
        #[default]
        Ready = "ready",
        /// It is static (`spec.replicas`): it has a number of nodes, whatever pods need.
        Static = "static",
        /// Its condition `Ready` does not hold, so Karpenter passes it over.
        Unready = "unready",
        /// No instance type meets its requirements.
        Empty = "empty",
        /// It is at a limit.
        Full = "full",
        /// It is being deleted.
        Deleting = "deleting",
        /// The cluster has no node pool of the name.
        Absent = "absent",
    }
}

impl State {
    /// True if the cluster has the node pool, and keeps it. One that is being deleted makes no node any more, and its
    /// nodes are on their way out.
    #[must_use]
    pub fn is_there(self) -> bool {
        match self {
            Self::Ready | Self::Static | Self::Unready | Self::Empty | Self::Full => true,
            Self::Deleting | Self::Absent => false,
        }
    }

    /// Returns the state in words that follow the name of the node pool. `None` if it is ready.
    #[must_use]
    pub fn obstacle(self) -> Option<&'static str> {
        match self {
            Self::Ready => None,
            Self::Static => Some("is static: Karpenter makes no node of it for a pod"),
            Self::Unready => Some("is not ready: Karpenter makes no node of it until it is"),
            Self::Empty => Some("has requirements that no instance type meets"),
            Self::Full => Some("is at its limits: Karpenter makes no more nodes of it"),
            Self::Deleting => Some("is being deleted"),
            Self::Absent => Some("is not in the cluster"),
        }
    }
}
