//! The fields of a map while it is read: kubectl's rules for keys.

use serde_json::{Map, Value};

use super::fault::Repeated;
use super::limits::COLLECTION_AS_KEY;
use super::scalar;

/// The fields of a map that has not ended.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) map: Map<String, Value>,
    /// The line of each key, in the order of the map; 0 for one that was merged in by `<<`.
    lines: Vec<usize>,
    /// The key whose value comes next.
    pub(super) key: Option<Key>,
}

pub(super) enum Key {
    /// `<<`, whose value is a map to merge, or a list of maps.
    Merge,
    Text(String, usize),
}

impl Fields {
    /// Takes a value as a key, or as the value of the key before it. Returns the key if it stands twice.
    pub(super) fn put(&mut self, value: Value, line: usize) -> Result<Option<Repeated>, String> {
        match self.key.take() {
            None => {
                let is_null = value.is_null();
                let Some(key) = scalar::key(value) else {
                    let message = if is_null {
                        "a key is missing before the colon"
                    } else {
                        COLLECTION_AS_KEY
                    };
                    return Err(message.to_owned());
                };
                self.key = Some(Key::Text(key, line));
                Ok(None)
            }
            Some(Key::Text(key, line)) => Ok(self.insert(key, value, line)),
            Some(Key::Merge) => self.merge(value).map(|()| None),
        }
    }

    fn insert(&mut self, key: String, value: Value, line: usize) -> Option<Repeated> {
        let Some(old) = self.map.get_mut(&key) else {
            self.map.insert(key, value);
            self.lines.push(line);
            return None;
        };
        *old = value;
        let position = self.map.keys().position(|other| *other == key)?;
        let first = std::mem::replace(&mut self.lines[position], line);
        (first > 0 && line > 0).then_some(Repeated {
            key,
            first,
            last: line,
        })
    }

    /// Merges a map, or the maps of a list, of which the first counts. go-yaml v2 merges over the fields before `<<`.
    fn merge(&mut self, value: Value) -> Result<(), String> {
        let maps = match value {
            Value::Array(items) => items,
            map => vec![map],
        };
        for map in maps.into_iter().rev() {
            let Value::Object(map) = map else {
                return Err(
                    "the key << merges a map, or a list of maps, and this is none".to_owned(),
                );
            };
            for (key, value) in map {
                self.insert(key, value, 0);
            }
        }
        Ok(())
    }
}
