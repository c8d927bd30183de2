//! The items of a list and the fields of a map, as deserializers of values hand them on.

use std::slice;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess};
use serde_json::{Map, Value, map};

use super::wrong_field::WrongField;

/// The items of a list. `node` makes the deserializer of each.
pub struct Items<'v, N> {
    rest: slice::Iter<'v, Value>,
    node: fn(&'v Value) -> N,
}

impl<'v, N> Items<'v, N> {
    /// Begins with the first item.
    pub fn of(items: &'v [Value], node: fn(&'v Value) -> N) -> Self {
        Self {
            rest: items.iter(),
            node,
        }
    }
}

impl<'v, N: Deserializer<'v, Error = WrongField>> SeqAccess<'v> for Items<'v, N> {
    type Error = WrongField;

    fn next_element_seed<T: DeserializeSeed<'v>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, WrongField> {
        let next = self.rest.next();
        next.map(|item| seed.deserialize((self.node)(item)))
            .transpose()
    }
}

/// The fields of a map. `node` makes the deserializer of each value.
pub struct Fields<'v, N> {
    rest: Option<map::Iter<'v>>,
    /// The value of the key that was read last.
    value: &'v Value,
    node: fn(&'v Value) -> N,
}

impl<'v, N> Fields<'v, N> {
    /// Begins with the first field. `None` is a map without fields.
    pub fn of(map: Option<&'v Map<String, Value>>, node: fn(&'v Value) -> N) -> Self {
        Self {
            rest: map.map(Map::iter),
            value: &Value::Null,
            node,
        }
    }
}

impl<'v, N: Deserializer<'v, Error = WrongField>> MapAccess<'v> for Fields<'v, N> {
    type Error = WrongField;

    fn next_key_seed<K: DeserializeSeed<'v>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, WrongField> {
        let Some((key, value)) = self.rest.as_mut().and_then(Iterator::next) else {
            return Ok(None);
        };
        self.value = value;
        seed.deserialize(BorrowedStrDeserializer::new(key))
            .map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'v>>(&mut self, seed: S) -> Result<S::Value, WrongField> {
        seed.deserialize((self.node)(self.value))
    }
}
