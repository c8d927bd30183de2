//! Paths to the fields of an object, and errors in one field.

use std::fmt;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// The step into a field, by its name.
    Key(String),
    /// The step into an entry of a map, by its key.
    Entry(String),
    /// The step into an item of a list, by its position from 0.
    Index(usize),
}

/// The path to a field, outermost step first. The empty path leads to the object itself. `Display` writes it as
/// Kubernetes does: `spec.containers[0].image`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldPath(pub Vec<Segment>);

impl FieldPath {
    /// True if the path leads to the object itself.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Replaces each name of the path, for whoever must not show it as it is.
    pub fn map_keys(&mut self, map: impl Fn(&str) -> String) {
        for segment in &mut self.0 {
            if let Segment::Key(key) | Segment::Entry(key) = segment {
                *key = map(key);
            }
        }
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

/// An error in one field of an object. A function that reads a part of an object gives the path from that part on. Its
/// caller then puts the path to the part in front.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}{}{message}", if path.is_root() { "" } else { ": " })]
pub struct FieldError {
    /// The path to the field that is wrong.
    pub path: FieldPath,
    /// The fault in words, without the path.
    pub message: String,
}

impl FieldError {
    /// Returns an error in the object itself.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            path: FieldPath::default(),
            message: message.into(),
        }
    }

    /// Returns the fault and its remedy, which stands behind the last semicolon of the message. `None` if it has none.
    #[must_use]
    pub fn parts(&self) -> (&str, Option<&str>) {
        match self.message.rsplit_once("; ") {
            Some((fault, remedy)) => (fault, Some(remedy)),
            None => (&self.message, None),
        }
    }

    /// Puts a field in front of the path.
    #[must_use]
    pub fn in_field(self, name: &str) -> Self {
        self.inside(Segment::Key(name.to_owned()))
    }

    /// Puts an entry of a map in front of the path.
    #[must_use]
    pub fn in_entry(self, key: &str) -> Self {
        self.inside(Segment::Entry(key.to_owned()))
    }

    /// Puts an item of a list in front of the path.
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
