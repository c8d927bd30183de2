//! Nodes: their labels and taints, and the node pools that make them.

mod asked;
mod catalogue;
pub mod label;
mod manifest;
mod node_pool;
mod requirement;
mod taint;
mod value_set;

pub use asked::Asked;
pub use catalogue::Catalogue;
pub use manifest::StaticNodePool;
pub(crate) use node_pool::{NODE_POOL_NAME_PATTERN, valid_node_pool_name};
pub use node_pool::{NodePool, may_allow};
pub use requirement::{Operator, Requirement};
pub use taint::Taint;
pub use value_set::ValueSet;
