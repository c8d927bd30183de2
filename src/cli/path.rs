//! The way to a field of an object.

use std::fmt;

/// One step into an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    /// Into a field, or an entry of a map.
    Key(String),
    /// Into an element of a list.
    Index(usize),
}

/// The way to a field, outermost step first. Shown as Kubernetes shows it: `spec.containers[0].image`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FieldPath(pub(super) Vec<Segment>);

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) if key.contains(['.', '/', '[']) => write!(f, "[{key}]")?,
                Segment::Key(key) if position == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}
