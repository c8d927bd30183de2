//! The policy: the pools, and the rules that send pods to them.

mod bounds;
mod draft;
mod effective;
mod file;
mod making;
mod pool;
mod rule;
mod selector;
mod source;

pub use draft::{Draft, NoNodePool, draft};
pub use effective::Policy;
pub use file::{Action, Binding, Mode, PolicyFile, PolicySpec, Validation};
pub use pool::Pool;
pub use rule::{Architecture, Place, Rule};
pub use selector::{Selector, SelectorFile};
pub use source::{
    Source, embedded_node_pools, embedded_policy, read_policy, read_policy_object, read_policy_spec,
};
