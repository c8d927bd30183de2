//! Formats of bytes and texts: they know neither Kubernetes nor berth.

pub mod field;
pub mod json;
pub mod schema;
pub mod yaml;
