//! The forecast for a pod: the node pools of which Karpenter would make a node for it, what keeps it from that, and the
//! nodes that are there on which the pod may run.

mod karpenter;
mod lost_preferences;
mod outlook;
mod reach;
mod revision;

pub(crate) use karpenter::unsupported;
pub use lost_preferences::lost_preferences;
pub(crate) use outlook::{Obstruction, Outlook};
pub(crate) use reach::{Nodes, Reach, is_confined, keyed_toleration};
pub use revision::Revision;
