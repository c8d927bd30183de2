//! Reads a value as a type, and says what is wrong in words for the value's author. It converts nothing: a number is no
//! text, and a text is no number.

use serde::de::value::StrDeserializer;
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde_json::Value;

use super::access::{Fields, Items};
use super::field::{FieldError, FieldPath};
use super::wrong_field::WrongField;

/// Reads a value as a `T`.
///
/// # Errors
/// If a field does not fit the type. The path is that of the field.
pub fn from_value<'v, T: Deserialize<'v>>(value: &'v Value) -> Result<T, FieldError> {
    // To keep the path takes a copy of every key, so it is only kept where something is wrong.
    T::deserialize(Node(value)).or_else(|_| with_path(value))
}

fn with_path<'v, T: Deserialize<'v>>(value: &'v Value) -> Result<T, FieldError> {
    serde_path_to_error::deserialize(Node(value)).map_err(|error| FieldError {
        path: FieldPath::from(error.path()),
        message: error.into_inner().to_string(),
    })
}

/// A value that is read as what it is.
#[derive(Clone, Copy)]
struct Node<'v>(&'v Value);

impl<'v> Deserializer<'v> for Node<'v> {
    type Error = WrongField;

    fn deserialize_any<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, WrongField> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(bool) => visitor.visit_bool(*bool),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or_default()),
            },
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => visitor.visit_seq(Items::of(items, Node)),
            Value::Object(fields) => visitor.visit_map(Fields::of(Some(fields), Node)),
        }
    }

    fn deserialize_option<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, WrongField> {
        if self.0.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'v>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, WrongField> {
        visitor.visit_newtype_struct(self)
    }

    /// Reads a map alone: a list of the fields' values would read as a struct too.
    fn deserialize_struct<V: Visitor<'v>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, WrongField> {
        match self.0 {
            Value::Array(_) => Err(Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'v>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, WrongField> {
        match self.0 {
            Value::String(text) => visitor.visit_enum(StrDeserializer::new(text)),
            _ => self.deserialize_any(visitor),
        }
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'v>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::from_value;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "it is read, and nobody asks for its fields")]
    struct Everything {
        number: i32,
        #[serde(default)]
        truth: bool,
        #[serde(default)]
        list: Vec<String>,
        #[serde(default)]
        map: BTreeMap<String, String>,
        #[serde(default)]
        choice: Choice,
        #[serde(default)]
        any: Value,
        #[serde(default)]
        maybe: Option<u8>,
    }

    #[derive(Debug, Default, Deserialize)]
    enum Choice {
        #[default]
        Enforce,
        Audit,
    }

    #[test]
    fn every_kind_of_value_is_read() {
        let value = json!({
            "number": -3, "truth": true, "list": ["a"], "map": {"a": "b"}, "choice": "Audit", "any": [1.5, null],
            "maybe": null,
        });
        let read: Everything = from_value(&value).unwrap();
        assert_eq!(read.any, json!([1.5, null]));
        assert!(matches!(read.choice, Choice::Audit));
        let read: Everything = from_value(&json!({"number": 1})).unwrap();
        assert!(matches!(read.choice, Choice::Enforce));
    }

    #[test]
    fn what_is_wrong_is_said_without_a_type_of_rusts() {
        for (value, message) in [
            (
                json!({"number": "three"}),
                "number: expected a whole number, found the text \"three\"",
            ),
            (
                json!({"number": 4_000_000_000_u64}),
                "number: expected a whole number of 32 bits, found 4000000000",
            ),
            (json!({}), "the field number is missing"),
            (json!([]), "expected a map, found a list"),
            (json!(null), "expected a map, found nothing"),
            (
                json!({"nunber": 1}),
                "nunber: there is no such field; did you mean \"number\"?",
            ),
            (
                json!({"weight": 1}),
                "weight: there is no such field; use one of number, truth, list, map, choice, any, maybe",
            ),
            (
                json!({"truth": "yes"}),
                "truth: expected true or false, found the text \"yes\"",
            ),
            (
                json!({"list": "a"}),
                "list: expected a list, found the text \"a\"",
            ),
            (
                json!({"list": ["a", 1]}),
                "list[1]: expected a string, found 1",
            ),
            (json!({"map": ["a"]}), "map: expected a map, found a list"),
            (
                json!({"choice": "Audti"}),
                "choice: \"Audti\" is not one of Enforce, Audit; did you mean \"Audit\"?",
            ),
            (
                json!({"choice": "Never"}),
                "choice: \"Never\" is not one of Enforce, Audit",
            ),
            (
                json!({"choice": false}),
                "choice: expected a string, found false",
            ),
            (
                json!({"choice": {"Audit": null}}),
                "choice: expected a string, found a map",
            ),
        ] {
            let error = from_value::<Everything>(&value).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }
}
