//! The policy: the pools, and the rules that send pods to them.

mod danger;
mod draft;
mod effective;
mod file;
mod making;
mod own_labels;
mod pool;
mod remarks;
mod rule;
mod selector;
mod shape;
mod source;
mod split;
mod unmatched;
mod unreached;

pub use danger::Danger;
pub use draft::{Draft, Form as DraftForm, NoNodePool, draft};
pub use effective::Policy;
pub use file::{Action, Binding, Mode, PolicyFile, PolicySpec, Validation};
pub use pool::{Pool, Side};
pub use remarks::{missing, remarks, unreached_rules, without_node_pools};
pub use rule::{Architecture, Place, Rule};
pub use selector::{Selector, SelectorFile};
pub use source::{
    Source, embedded_node_pools, embedded_policy, embedded_policy_object, examine_policy,
    read_policy, read_policy_object, read_policy_spec,
};
pub use split::{Capacity, OnDemand, OwnNumbers, Split};
pub use unmatched::{optional_labels, unmatched};
pub use unreached::{Unreached, unreached};
