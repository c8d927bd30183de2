//! The error for a field that a type does not take, in words of YAML's and not of Rust's.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

use super::spelling::{nearest, suggestion};
use super::wording::clipped;

/// A field that is unknown, missing or of the wrong type, in words for its author.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongField(String);

impl Error for WrongField {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let (found, expected) = (found_in_words(found), in_words(expected));
        Self(format!("expected {expected}, found {found}"))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        // The only value that a type does not take although it takes its kind is a number that is too large or negative.
        let (found, expected) = match expected.to_string().as_str() {
            "i32" => (
                found_in_words(found),
                "a whole number of 32 bits".to_owned(),
            ),
            "u32" if !matches!(found, Unexpected::Signed(..0)) => (
                found_in_words(found),
                "a whole number of 32 bits".to_owned(),
            ),
            _ => (found_in_words(found), in_words(expected)),
        };
        Self(format!("expected {expected}, found {found}"))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self(unknown_field(field, expected))
    }

    fn missing_field(field: &'static str) -> Self {
        Self(format!("the field {field} is missing"))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let (found, known) = (clipped(variant), expected.join(", "));
        match nearest(variant, expected) {
            Some(near) => Self(format!(
                "{found:?} is not one of {known}; did you mean {near:?}?"
            )),
            None => Self(format!("{found:?} is not one of {known}")),
        }
    }
}

/// Returns the message about a field that there is not, with the name that its author most likely meant.
#[must_use]
pub fn unknown_field(field: &str, known: &[&str]) -> String {
    format!("there is no such field; {}", suggestion(field, known))
}

/// Says what would be right.
fn in_words(expected: &dyn Expected) -> String {
    match expected.to_string().as_str() {
        "i32" | "i64" => "a whole number".to_owned(),
        "u32" => "a whole number of at least 0".to_owned(),
        "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "Quantity" => "a quantity".to_owned(),
        kind if kind.starts_with("struct ") => "a map".to_owned(),
        kind if kind.starts_with("enum ") => "a string".to_owned(),
        kind if kind.starts_with(char::is_uppercase) => format!("the fields of {kind}"),
        other => other.to_owned(),
    }
}

fn found_in_words(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(bool) => bool.to_string(),
        Unexpected::Unsigned(number) => number.to_string(),
        Unexpected::Signed(number) => number.to_string(),
        Unexpected::Float(number) => number.to_string(),
        Unexpected::Str(text) => format!("the text {:?}", clipped(text)),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a map".to_owned(),
        Unexpected::Unit => "nothing".to_owned(),
        other => other.to_string(),
    }
}
