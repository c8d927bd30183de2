//! Nodes: their labels and taints, and the node pools that make them.

mod asked;
mod catalogue;
mod instances;
pub mod label;
mod manifest;
mod node_pool;
mod platform;
mod report;
mod requirement;
mod state;
mod taint;
mod value_set;

pub use asked::Asked;
pub use catalogue::Catalogue;
pub use instances::{Candidates, Demands, implied_architecture};
pub use manifest::StaticNodePool;
pub(crate) use node_pool::{NODE_POOL_NAME_PATTERN, valid_node_pool_name};
pub use node_pool::{NodePool, may_allow};
pub use platform::Platform;
pub use requirement::{Operator, Requirement};
pub use state::State;
pub use taint::Taint;
pub use value_set::ValueSet;
