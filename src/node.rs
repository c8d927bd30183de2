//! Nodes: their taints, and the node pools that make them.

mod catalogue;
mod instances;
mod manifest;
mod naming;
mod node_pool;
mod report;
mod requirements;
mod state;
mod taint;

pub use catalogue::Catalogue;
pub use instances::{Candidates, Demands, implied_architecture};
pub use manifest::StaticNodePool;
pub(crate) use naming::{NODE_POOL_NAME_PATTERN, valid_node_pool_name};
pub use node_pool::{NodePool, may_allow};
pub use state::State;
pub use taint::Taint;
