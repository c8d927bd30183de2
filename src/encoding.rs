//! Formats of bytes and texts, such as JSON, YAML and paths to fields. Nothing here knows berth's own types.

pub mod access;
pub mod field;
pub mod json;
pub mod quantity;
pub mod schema;
pub mod spelling;
pub mod strict;
pub mod wording;
pub mod wrong_field;
pub mod yaml;
