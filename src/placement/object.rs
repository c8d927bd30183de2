//! Objects of a JSON body, and nothing else in their place.

use serde::de::{Deserializer, Visitor};
use serde::forward_to_deserialize_any;

/// Reads a struct from a map alone. Derived code also takes a list for a struct, field by field in order: a patch that
/// adds to such a list by name would fail to apply, and reject the pod (R5.6).
pub(crate) struct ObjectOnly<D>(pub(crate) D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for ObjectOnly<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.0.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Implements `Deserialize` through [`ObjectOnly`] for types that derive it with `remote = "Self"`.
macro_rules! objects {
    ($($type:ident),+ $(,)?) => {
        $(impl<'de: 'a, 'a> serde::Deserialize<'de> for $type<'a> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $type::deserialize($crate::placement::object::ObjectOnly(deserializer))
            }
        })+
    };
}
pub(crate) use objects;
