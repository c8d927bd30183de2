//! The complaints of a case: the values that are not the expected ones.

use serde_json::Value;

/// The complaints of one case.
pub(crate) struct Complaints(pub(crate) Vec<String>);

impl Complaints {
    /// Complains unless the values are equal.
    pub(crate) fn compare(&mut self, what: &str, expected: &Value, found: &Value) {
        if expected != found {
            self.0.push(format!(
                "{what}:\n  expected {expected:#}\n  found    {found:#}"
            ));
        }
    }

    /// Complains unless a value holds another: maps may hold more entries, all else is equal.
    pub(crate) fn hold(&mut self, path: &str, expected: &Value, found: &Value) {
        match (expected, found) {
            (Value::Object(expected), Value::Object(map)) => {
                for (key, value) in expected {
                    self.hold(
                        &format!("{path}.{key}"),
                        value,
                        map.get(key).unwrap_or(&Value::Null),
                    );
                }
            }
            (Value::Array(expected), Value::Array(list)) if expected.len() == list.len() => {
                for (index, (expected, found)) in expected.iter().zip(list).enumerate() {
                    self.hold(&format!("{path}[{index}]"), expected, found);
                }
            }
            _ => self.compare(path, expected, found),
        }
    }
}
