//! The custom resource `PlacementPolicy`: its definition, and the status that berth writes.

mod resource;
mod schema;
mod status;

pub use resource::{GROUP, NAME, PLURAL, VERSION};
pub use schema::definition;
pub use status::{
    Acceptance, Condition, ConditionReason, ConditionStatus, ConditionType, NodePoolStatus,
    PoolStatus, Status,
};
