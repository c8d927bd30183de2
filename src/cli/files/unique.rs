//! JSON in which no key stands twice.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::encoding::yaml::Tree;

/// A JSON value in which no key stands twice, and in which the items of one list are handed out one by one.
pub(super) enum Unique<'f> {
    /// The outermost value: the list with this key in it is handed out.
    Outermost(&'f str, &'f mut dyn FnMut(Value)),
    /// The list that is handed out. Anything else in its place is read whole.
    HandedOut(&'f mut dyn FnMut(Value)),
    /// Any other value.
    Whole,
}

impl<'f> Unique<'f> {
    /// Reads a text. In the tree, the list that is handed out is empty.
    pub(super) fn read(
        text: &str,
        key: &'f str,
        take: &'f mut dyn FnMut(Value),
    ) -> serde_json::Result<Tree> {
        let mut json = serde_json::Deserializer::from_str(text);
        let value = Self::Outermost(key, take).deserialize(&mut json)?;
        json.end()?;
        Ok(Tree {
            value,
            repeated: Vec::new(),
        })
    }
}

impl<'de> DeserializeSeed<'de> for Unique<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        let mut handed_out = match self {
            Unique::HandedOut(take) => Some(take),
            Unique::Outermost(..) | Unique::Whole => None,
        };
        while let Some(item) = list.next_element_seed(Unique::Whole)? {
            match &mut handed_out {
                Some(take) => take(item),
                None => items.push(item),
            }
        }
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut apart = match self {
            Unique::Outermost(key, take) => Some((key, take)),
            Unique::HandedOut(_) | Unique::Whole => None,
        };
        let mut map = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            if map.contains_key(&key) {
                return Err(A::Error::custom("a key stands twice"));
            }
            let of_value = match &mut apart {
                Some((apart, take)) if *apart == key => Unique::HandedOut(&mut **take),
                _ => Unique::Whole,
            };
            let value = fields.next_value_seed(of_value)?;
            map.insert(key, value);
        }
        Ok(map.into())
    }
}
