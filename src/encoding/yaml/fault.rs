//! The mistakes that a document can have, each with its place.

/// A key that stands twice in a map. The last one counts, as it does for kubectl.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the key {key:?} stands twice, on lines {first} and {last}")]
pub struct Repeated {
    /// The key.
    pub key: String,
    /// The line of the key that does not count, from 1.
    pub first: usize,
    /// The line of the key that counts.
    pub last: usize,
}

/// The reason why a text is no document, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {message}")]
pub struct SyntaxError {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The mistake, and the remedy.
    pub message: String,
}
