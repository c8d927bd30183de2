//! The bounds of a policy's spec.
//!
//! The API server checks a custom resource against its schema. It never sees a file, so berth checks the bounds of a
//! file here, against the same schema. No source accepts a policy that another source refuses for its size.

use std::sync::LazyLock;

use serde_json::Value;

use super::file::PolicySpec;
use crate::encoding::field::FieldError;
use crate::encoding::schema::structural;

/// The schema of a policy's spec, made once.
static SPEC: LazyLock<Value> = LazyLock::new(structural::<PolicySpec>);

/// Refuses a policy's spec that exceeds a bound of its schema: a text that is too long, or a list or a map with too
/// many items. The path begins with `spec`.
pub(super) fn check_bounds(spec: &Value) -> Result<(), FieldError> {
    bounded(spec, &SPEC).map_err(|error| error.in_field("spec"))
}

/// Checks a value, and all values inside it, against their schemas.
fn bounded(value: &Value, schema: &Value) -> Result<(), FieldError> {
    let within = |length: usize, bound: &str, what: &str| match schema[bound].as_u64() {
        Some(most) if length as u64 > most => Err(FieldError::new(format!(
            "has {length} {what}; at most {most} are allowed"
        ))),
        _ => Ok(()),
    };
    match value {
        Value::String(text) => within(text.chars().count(), "maxLength", "characters"),
        Value::Array(items) => {
            within(items.len(), "maxItems", "items")?;
            items.iter().enumerate().try_for_each(|(index, item)| {
                bounded(item, &schema["items"]).map_err(|error| error.in_item(index))
            })
        }
        Value::Object(fields) => {
            within(fields.len(), "maxProperties", "entries")?;
            fields.iter().try_for_each(|(name, value)| {
                let field = schema["properties"].get(name);
                let field = field.unwrap_or(&schema["additionalProperties"]);
                bounded(value, field).map_err(|error| error.in_field(name))
            })
        }
        _ => Ok(()),
    }
}
