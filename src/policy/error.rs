//! A policy that cannot be used.

use std::fmt;

use crate::node::CatalogueError;

/// A policy that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// The field that is wrong.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

impl PolicyError {
    pub(super) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }

    pub(super) fn below(parent: &str) -> impl Fn((String, String)) -> Self + '_ {
        move |(path, message)| Self::new(format!("{parent}.{path}"), message)
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for PolicyError {}

impl From<CatalogueError> for PolicyError {
    fn from(error: CatalogueError) -> Self {
        Self::new(String::new(), error.to_string())
    }
}
