//! The bounds of a policy's file.
//!
//! The API server holds a custom resource to its schema. A file never meets the API server, so its bounds are checked
//! here, against the very same schema: what one source refuses, the others refuse too.

use std::sync::LazyLock;

use serde_json::Value;

use super::file::PolicySpec;
use crate::encoding::field::FieldError;
use crate::encoding::schema::structural;

/// The schema of a policy's spec.
static SPEC: LazyLock<Value> = LazyLock::new(structural::<PolicySpec>);

/// Refuses a policy's spec that is larger than its schema allows: more items, or longer texts, than any policy needs.
pub(super) fn check_bounds(spec: &Value) -> Result<(), FieldError> {
    bounded(spec, &SPEC).map_err(|error| error.in_field("spec"))
}

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
