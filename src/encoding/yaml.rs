//! YAML as Kubernetes' own tools read it: a stream of documents with `---` between them, each a JSON value.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::field::{FieldError, FieldPath};

/// A document of a YAML stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Document<'t> {
    /// The text, without the `---` before it.
    pub text: &'t str,
    /// The line of the stream on which the text starts, from 1.
    pub line: usize,
}

/// Splits a stream into its documents. It skips documents that hold only comments.
pub fn documents(stream: &str) -> impl Iterator<Item = Document<'_>> {
    let mut rest = Some((stream, 1));
    std::iter::from_fn(move || {
        let (text, line) = rest.take()?;
        let mut length = 0;
        for (index, candidate) in text.split_inclusive('\n').enumerate() {
            if candidate
                .strip_prefix("---")
                .is_some_and(|after| after.is_empty() || after.starts_with(char::is_whitespace))
            {
                rest = Some((&text[length + 3..], line + index));
                break;
            }
            length += candidate.len();
        }
        Some(Document {
            text: &text[..length],
            line,
        })
    })
    .filter(|document| {
        document
            .text
            .lines()
            .any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
    })
}

/// Reads a document as a value.
///
/// # Errors
/// If the document is not YAML, or a map has a key twice. The message gives the line and the column.
pub fn parse(document: &str) -> Result<Value, FieldError> {
    serde_saphyr::from_str_with_options(document, options())
        .map_err(|error| FieldError::new(error.to_string()))
}

/// Returns the options by which the parser reads YAML as kubectl does.
#[must_use]
pub fn options() -> serde_saphyr::Options {
    let mut options = serde_saphyr::Options::default();
    options.with_snippet = false;
    // Manifests write file modes in octal, as in `defaultMode: 0440`.
    options.legacy_octal_numbers = true;
    options
}

/// Reads a document as a `T`.
///
/// # Errors
/// If the document is not YAML, or a field does not fit the type.
pub fn parse_as<T: DeserializeOwned>(document: &str) -> Result<T, FieldError> {
    from_value(parse(document)?)
}

/// Turns a value into a `T`.
///
/// # Errors
/// If a field does not fit the type. The path is that of the field.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, FieldError> {
    serde_path_to_error::deserialize(value).map_err(|error| FieldError {
        path: FieldPath::from(error.path()),
        message: error.into_inner().to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::{documents, parse};

    #[test]
    fn streams_split_where_kubectl_splits_them() {
        let stream = "# only a comment\n---\na: 1\n--- # next\nb: |\n  ---x\n---\n\n---\nc: 3\n";
        let found: Vec<_> = documents(stream)
            .map(|document| (document.line, parse(document.text).unwrap()))
            .collect();
        let expected = [
            (2, serde_json::json!({"a": 1})),
            (4, serde_json::json!({"b": "---x\n"})),
            (9, serde_json::json!({"c": 3})),
        ];
        assert_eq!(found, expected);
    }

    /// The expected values are those of kubectl, which reads YAML 1.1.
    #[test]
    fn scalars_are_what_kubectl_reads() {
        for (scalar, value) in [
            ("0440", serde_json::json!(288)),
            ("0o440", serde_json::json!(288)),
            ("440", serde_json::json!(440)),
            ("0", serde_json::json!(0)),
            ("0.5", serde_json::json!(0.5)),
            ("\"0440\"", serde_json::json!("0440")),
            ("off", serde_json::json!(false)),
            ("~", serde_json::json!(null)),
            ("10.0.0.1", serde_json::json!("10.0.0.1")),
            ("500m", serde_json::json!("500m")),
            ("1e3", serde_json::json!(1000.0)),
            ("0x1f", serde_json::json!(31)),
        ] {
            assert_eq!(parse(scalar).unwrap(), value, "{scalar}");
        }
    }

    #[test]
    fn a_key_that_occurs_twice_is_refused() {
        assert!(parse("a: 1\na: 2\n").is_err());
    }
}
