//! The additions of one object to another.

use anyhow::bail;
use serde_json::{Map, Value, json};

/// Returns all that an object has more than another of the same kind, by JSON pointer; `-` stands for an appended
/// element.
///
/// Anything missing, different, or not at the end of its list is an error.
pub(crate) fn additions(before: &Value, after: &Value) -> anyhow::Result<Map<String, Value>> {
    let mut found = Map::new();
    compare("", before, after, &mut found)?;
    Ok(found)
}

fn compare(
    path: &str,
    before: &Value,
    after: &Value,
    found: &mut Map<String, Value>,
) -> anyhow::Result<()> {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in before {
                let path = format!("{path}/{}", escaped(key));
                match after.get(key) {
                    Some(other) => compare(&path, value, other, found)?,
                    None => bail!("{path} is gone"),
                }
            }
            for (key, value) in after {
                if !before.contains_key(key) {
                    found.insert(format!("{path}/{}", escaped(key)), value.clone());
                }
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            if after.len() < before.len() {
                bail!("{path} has lost an element");
            }
            for (index, (value, other)) in before.iter().zip(after).enumerate() {
                compare(&format!("{path}/{index}"), value, other, found)?;
            }
            let added = &after[before.len()..];
            if !added.is_empty() {
                found.insert(format!("{path}/-"), json!(added));
            }
        }
        (before, after) if before == after => {}
        (before, after) => bail!("{path}: {before} became {after}"),
    }
    Ok(())
}

/// Writes a key as a part of a JSON pointer.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
