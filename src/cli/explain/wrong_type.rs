//! The error for a field of the wrong type, in words of YAML's and not of Rust's.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

/// A value of the wrong type, and which type would be right.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct WrongType(String);

impl Error for WrongType {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let (found, expected) = (found_in_words(found), in_words(expected));
        Self(format!("expected {expected}, found {found}"))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }
}

/// Says what would be right.
fn in_words(expected: &dyn Expected) -> String {
    match expected.to_string().as_str() {
        "i32" => "a whole number of 32 bits".to_owned(),
        "i64" => "a whole number".to_owned(),
        "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "Quantity" => "a quantity".to_owned(),
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
        Unexpected::Str(text) => format!("the text {text:?}"),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a map".to_owned(),
        Unexpected::Unit => "nothing".to_owned(),
        other => other.to_string(),
    }
}
