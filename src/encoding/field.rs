//! Paths to fields of an object, and what is wrong there.

use std::fmt;

/// One step into an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Into a field.
    Key(String),
    /// Into an entry of a map.
    Entry(String),
    /// Into an element of a list.
    Index(usize),
}

/// The path to a field, outermost step first; empty for the object itself. Shown as Kubernetes shows it:
/// `spec.containers[0].image`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldPath(pub Vec<Segment>);

impl FieldPath {
    /// True for the object itself.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Entry(key) => write!(f, "[{key}]")?,
                Segment::Key(key) if key.contains(['.', '/', '[']) => write!(f, "[{key}]")?,
                Segment::Key(key) if position == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

impl From<&serde_path_to_error::Path> for FieldPath {
    fn from(path: &serde_path_to_error::Path) -> Self {
        use serde_path_to_error::Segment as Step;

        let segments = path.iter().map(|step| match step {
            Step::Seq { index } => Segment::Index(*index),
            Step::Map { key } => Segment::Key(key.clone()),
            Step::Enum { variant } => Segment::Key(variant.clone()),
            Step::Unknown => Segment::Key("?".to_owned()),
        });
        Self(segments.collect())
    }
}

/// An error in one field of an object. What reads a part of an object returns the path from that part on; its caller puts
/// the way to the part before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}{}{message}", if path.is_root() { "" } else { ": " })]
pub struct FieldError {
    /// The field that is wrong.
    pub path: FieldPath,
    /// The fault, for a person to read.
    pub message: String,
}

impl FieldError {
    /// Makes an error of the whole object.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            path: FieldPath::default(),
            message: message.into(),
        }
    }

    /// Puts a field before the path.
    #[must_use]
    pub fn in_field(self, name: &str) -> Self {
        self.inside(Segment::Key(name.to_owned()))
    }

    /// Puts an entry of a map before the path.
    #[must_use]
    pub fn in_entry(self, key: &str) -> Self {
        self.inside(Segment::Entry(key.to_owned()))
    }

    /// Puts an element of a list before the path.
    #[must_use]
    pub fn in_item(self, index: usize) -> Self {
        self.inside(Segment::Index(index))
    }

    fn inside(mut self, segment: Segment) -> Self {
        self.path.0.insert(0, segment);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::FieldError;

    #[test]
    fn a_path_is_shown_as_kubernetes_shows_it() {
        let error = FieldError::new("is wrong");
        assert_eq!(error.to_string(), "is wrong");
        let error = error.in_entry("app").in_field("matchLabels");
        let error = error.in_item(2).in_field("rules").in_field("spec");
        assert_eq!(
            error.to_string(),
            "spec.rules[2].matchLabels[app]: is wrong"
        );
    }
}
