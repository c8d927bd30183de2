//! The value of a document's text, and the line of a field in it.
//!
//! JSON is read as JSON, which is faster than YAML by far: dumps of whole clusters are JSON, and large.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_saphyr::{Options, Spanned};

use crate::encoding::field::{FieldPath, Segment};
use crate::encoding::yaml;

/// An error in a text.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(in crate::cli) struct ParseError {
    /// The line of the text, from 1.
    pub(super) line: usize,
    message: String,
}

/// Returns the JSON values of a text that holds several, one after another; otherwise the text itself.
pub(super) fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    if text.trim_start().starts_with('{') {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
        let mut start = 0;
        while let Some(value) = values.next() {
            if value.is_err() {
                return vec![text];
            }
            pieces.push(&text[start..values.byte_offset()]);
            start = values.byte_offset();
        }
    }
    if pieces.len() > 1 { pieces } else { vec![text] }
}

/// Reads a document. A key that stands twice in a map is an error in JSON as in YAML.
///
/// # Errors
/// Returns the first error.
pub(super) fn value(text: &str) -> Result<Value, ParseError> {
    let json = if text.trim_start().starts_with(['{', '[']) {
        match serde_json::from_str::<Unique>(text) {
            Ok(Unique(value)) => return Ok(value),
            Err(error) => Some(ParseError {
                line: error.line().max(1),
                message: message(&error.to_string()),
            }),
        }
    } else {
        None
    };
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
        let line = error.location().map_or(1, |location| location.line());
        // A text that starts as JSON was meant to be JSON.
        json.unwrap_or_else(|| ParseError {
            line: usize::try_from(line).unwrap_or(1).max(1),
            message: message(&error.without_snippet().to_string()),
        })
    })
}

/// Returns options without a limit on nodes: a file's size is bounded already.
fn options() -> Options {
    let mut options = yaml::options();
    if let Some(budget) = &mut options.budget {
        budget.max_nodes = usize::MAX;
        budget.max_events = usize::MAX;
    }
    options
}

/// Returns the first line of a parser's message, without its place: that counts from the document, not from the file.
fn message(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let end = line.rfind(" at line ").unwrap_or(line.len());
    line[..end].to_owned()
}

/// A JSON value in which no key stands twice.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct UniqueVisitor;

        impl<'de> Visitor<'de> for UniqueVisitor {
            type Value = Unique;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_unit<E>(self) -> Result<Unique, E> {
                Ok(Unique(Value::Null))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Unique, E> {
                Ok(Unique(value.into()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Unique, E> {
                Ok(Unique(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Unique, E> {
                Ok(Unique(value.into()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Unique, E> {
                Ok(Unique(value.into()))
            }

            fn visit_str<E>(self, value: &str) -> Result<Unique, E> {
                Ok(Unique(value.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Unique, A::Error> {
                let mut items = Vec::new();
                while let Some(Unique(item)) = list.next_element()? {
                    items.push(item);
                }
                Ok(Unique(items.into()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Unique, A::Error> {
                let mut map = Map::new();
                while let Some(key) = fields.next_key::<String>()? {
                    if map.contains_key(&key) {
                        return Err(A::Error::custom(format_args!("duplicate key {key:?}")));
                    }
                    let Unique(value) = fields.next_value()?;
                    map.insert(key, value);
                }
                Ok(Unique(map.into()))
            }
        }

        deserializer.deserialize_any(UniqueVisitor)
    }
}

/// Returns the line of a document on which a field stands, from 1; `None` if it cannot be found, as behind an alias.
pub(in crate::cli) fn line_of(text: &str, path: &FieldPath) -> Option<usize> {
    let mut found = None;
    let seek = Seek {
        path: &path.0,
        found: &mut found,
    };
    let read = serde_saphyr::with_deserializer_from_str_with_options(text, options(), |document| {
        seek.deserialize(document)
    });
    read.ok()?;
    found
}

/// Walks along a path and notes the line at its end.
struct Seek<'p> {
    path: &'p [Segment],
    found: &'p mut Option<usize>,
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.path.is_empty() {
            let here = Spanned::<IgnoredAny>::deserialize(deserializer)?;
            *self.found = usize::try_from(here.referenced.line()).ok();
            return Ok(());
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let Self { path, found } = self;
        while let Some(key) = fields.next_key::<String>()? {
            match path {
                [Segment::Key(wanted) | Segment::Entry(wanted), rest @ ..] if *wanted == key => {
                    fields.next_value_seed(Seek {
                        path: rest,
                        found: &mut *found,
                    })?;
                }
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { path, found } = self;
        for position in 0.. {
            let end = match path {
                [Segment::Index(wanted), rest @ ..] if *wanted == position => list
                    .next_element_seed(Seek {
                        path: rest,
                        found: &mut *found,
                    })?
                    .is_none(),
                _ => list.next_element::<IgnoredAny>()?.is_none(),
            };
            if end {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{line_of, value};
    use crate::encoding::field::{FieldPath, Segment};

    #[test]
    fn yaml_is_read_as_kubectl_reads_it() {
        let text = "mode: 0644\non: \"yes\"\nflow: {a: [1, 2.5, 1e3]}\nbase: &b {x: 1}\nmore: {<<: *b, y: 2}\n";
        let expected = json!({
            "mode": 420, "on": "yes", "flow": { "a": [1, 2.5, 1000.0] }, "base": { "x": 1 }, "more": { "x": 1, "y": 2 },
        });
        assert_eq!(value(text).unwrap(), expected);
        let keys: Vec<_> = value("b: 1\na: 2\n")
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        assert_eq!(keys, ["b", "a"], "the author's order");
    }

    #[test]
    fn a_key_that_stands_twice_is_refused() {
        for (text, line) in [
            ("a: 1\nb: 2\na: 3\n", 3),
            ("{\"a\": 1,\n\"b\": {\"c\": 1,\n\"c\": 2}}", 3),
        ] {
            let error = value(text).unwrap_err();
            assert_eq!(
                (error.line, error.message.contains("duplicate")),
                (line, true),
                "{error:?}"
            );
        }
    }

    #[test]
    fn json_may_use_tabs_and_yaml_may_use_braces() {
        assert_eq!(value("{\n\t\"a\": [1]\n}").unwrap(), json!({ "a": [1] }));
        assert_eq!(value("{a: [b]}").unwrap(), json!({ "a": ["b"] }));
        let error = value("{\"a\": 1,\n \"b\": [}").unwrap_err();
        assert_eq!(error.line, 2);
    }

    #[test]
    fn fields_are_found() {
        let path = FieldPath(vec![
            Segment::Key("a".to_owned()),
            Segment::Index(1),
            Segment::Key("b".to_owned()),
        ]);
        assert_eq!(
            line_of("x: 1\na:\n- b: 1\n- c: 1\n  b: 2\n", &path),
            Some(5)
        );
        assert_eq!(line_of("{\"a\": [{}, {\n\"b\": 1}]}", &path), Some(2));
        assert_eq!(line_of("x: 1\n", &path), None);
    }
}
