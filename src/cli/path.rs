//! The way to a field of an object.

pub(super) use crate::encoding::field::{FieldPath, Segment};
