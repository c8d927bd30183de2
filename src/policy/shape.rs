//! The shape of a policy's spec: the fields that there are, and their bounds.
//!
//! The API server checks a custom resource against its schema. It never sees a file, so berth checks the bounds of a
//! file here, against the same schema. No source accepts a policy that another source refuses for its size.

use std::sync::LazyLock;

use serde_json::Value;

use super::file::PolicySpec;
use crate::encoding::field::FieldError;
use crate::encoding::schema::structural;
use crate::encoding::wrong_field::unknown_field;

/// The schema of a policy's spec, made once.
static SPEC: LazyLock<Value> = LazyLock::new(structural::<PolicySpec>);

/// Returns an error for each field of a policy's spec that the schema does not have, and for each that exceeds a bound:
/// a text that is too long, or a list or a map with too many items. The paths begin in the spec.
pub(super) fn misshapen(spec: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    hold(spec, &SPEC, &mut errors, &|error| error);
    errors
}

/// Holds a value, and all values inside it, to their schemas. `place` puts the path to the value in front of an error's.
fn hold(
    value: &Value,
    schema: &Value,
    errors: &mut Vec<FieldError>,
    place: &dyn Fn(FieldError) -> FieldError,
) {
    if let Some(message) = excess(value, schema) {
        errors.push(place(FieldError::new(message)));
        return;
    }
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let place = |error: FieldError| place(error.in_item(index));
                hold(item, &schema["items"], errors, &place);
            }
        }
        Value::Object(fields) => {
            let known = schema["properties"].as_object();
            for (name, value) in fields {
                let place = |error: FieldError| place(error.in_field(name));
                let field = known.map_or(Some(&schema["additionalProperties"]), |known| {
                    known.get(name)
                });
                if let Some(field) = field {
                    hold(value, field, errors, &place);
                } else {
                    let known: Vec<&str> = known
                        .into_iter()
                        .flatten()
                        .map(|(name, _)| name.as_str())
                        .collect();
                    errors.push(place(FieldError::new(unknown_field(name, &known))));
                }
            }
        }
        _ => {}
    }
}

/// Returns the message about a value that exceeds a bound of its schema.
fn excess(value: &Value, schema: &Value) -> Option<String> {
    let (length, bound, what) = match value {
        Value::String(text) => (text.chars().count(), "maxLength", "characters"),
        Value::Array(items) => (items.len(), "maxItems", "items"),
        Value::Object(fields) => (fields.len(), "maxProperties", "entries"),
        _ => return None,
    };
    let most = schema[bound]
        .as_u64()
        .filter(|most| length as u64 > *most)?;
    Some(format!("has {length} {what}; at most {most} are allowed"))
}
