//! The weight of copies, so that a short text cannot fill the memory with copies of copies.

use serde_json::Value;

use super::limits::{TOO_DEEP, TOO_MUCH};

/// The weight of a value besides its text, in bytes.
const VALUE_BYTES: usize = 64;

/// The weight of values, as far as there is room for them.
pub(super) struct Weight {
    /// The bytes that are left.
    pub(super) left: usize,
    /// The levels that are left.
    pub(super) levels: usize,
}

impl Weight {
    pub(super) fn add(&mut self, value: &Value, level: usize) -> Result<(), &'static str> {
        if level > self.levels {
            return Err(TOO_DEEP);
        }
        let text = if let Value::String(text) = value {
            text.len()
        } else {
            0
        };
        self.take(VALUE_BYTES + text)?;
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| self.add(item, level + 1)),
            Value::Object(fields) => fields.iter().try_for_each(|(key, value)| {
                self.take(key.len())?;
                self.add(value, level + 1)
            }),
            _ => Ok(()),
        }
    }

    fn take(&mut self, bytes: usize) -> Result<(), &'static str> {
        let left = self.left.checked_sub(bytes);
        self.left = left.ok_or(TOO_MUCH)?;
        Ok(())
    }
}
