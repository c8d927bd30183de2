//! YAML as Kubernetes' own tools read it: a stream of documents with `---` between them, each a JSON value.
//!
//! The parser gives events. The tree, the types of scalars, the bounds and the words for what is wrong are berth's own,
//! so that they are kubectl's and no parser's.

mod fault;
mod fields;
mod limits;
mod line;
mod places;
mod scalar;
mod stream;
mod tabs;
mod tree;
mod weight;
mod wording;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::field::FieldError;
use super::strict;
pub use fault::{Repeated, SyntaxError};
pub use line::line_of;
pub use places::{Entry, Place, Shape, place_of};
pub use stream::{Document, Mark, documents};
pub use tabs::with_spaces_for_tabs;
pub use tree::{Tree, read, read_apart};

/// Reads a document as a value.
///
/// # Errors
/// If the document is not YAML, or a map has a key twice. The message gives the line and the column.
pub fn parse(document: &str) -> Result<Value, FieldError> {
    let Tree { value, repeated } =
        read(document).map_err(|error| FieldError::new(format!("line {}, {error}", error.line)))?;
    match repeated.first() {
        None => Ok(value),
        Some(repeated) => Err(FieldError::new(format!("{repeated}: remove one"))),
    }
}

/// Reads a document as a `T`.
///
/// # Errors
/// If the document is not YAML, or a field does not fit the type.
pub fn parse_as<T: DeserializeOwned>(document: &str) -> Result<T, FieldError> {
    strict::from_value(&parse(document)?)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_key_that_occurs_twice_is_refused() {
        let error = parse("a: 1\nb: 2\na: 2\n").unwrap_err();
        let expected = "the key \"a\" stands twice, on lines 1 and 3: remove one";
        assert_eq!(error.to_string(), expected);
    }
}
