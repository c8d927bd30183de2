//! Maps and lists of a JSON body, read into no more than is needed of them.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::placement::text::Text;

/// The value of a key in a sorted list of entries.
pub(super) fn find<'m, V>(sorted: &'m [(Text<'_>, V)], key: &str) -> Option<&'m V> {
    let found = sorted
        .binary_search_by(|(listed, _)| listed.as_str().cmp(key))
        .ok()?;
    Some(&sorted[found].1)
}

/// Enough for most maps of a pod, so that growing costs nothing.
const USUAL_ENTRIES: usize = 8;

/// Reads a map into a list ordered by what `order` makes of its keys; refuses a key that stands twice.
pub(super) fn sorted_map<'de, D, V>(
    deserializer: D,
    order: fn(&str) -> &str,
) -> Result<Vec<(Text<'de>, V)>, D::Error>
where
    D: Deserializer<'de>,
    V: Deserialize<'de>,
{
    struct MapVisitor<V>(fn(&str) -> &str, PhantomData<V>);

    impl<'de, V: Deserialize<'de>> Visitor<'de> for MapVisitor<V> {
        type Value = Vec<(Text<'de>, V)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let Self(order, _) = self;
            let mut entries = Vec::with_capacity(USUAL_ENTRIES);
            while let Some(entry) = map.next_entry::<Text<'de>, V>()? {
                entries.push(entry);
            }
            entries
                .sort_unstable_by(|(a, _), (b, _)| order(a).cmp(order(b)).then_with(|| a.cmp(b)));
            if entries.windows(2).any(|pair| pair[0].0 == pair[1].0) {
                return Err(A::Error::custom("a key stands twice"));
            }
            Ok(entries)
        }
    }

    deserializer.deserialize_map(MapVisitor(order, PhantomData))
}

/// Reads a list, or `null`, and keeps the first thing that is picked out of an item: nothing else is stored.
pub(super) fn first<'de, D, T, P, F>(deserializer: D, pick: F) -> Result<Option<P>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
    F: Fn(T) -> Option<P>,
{
    struct FirstVisitor<T, F>(F, PhantomData<T>);

    impl<'de, T: Deserialize<'de>, P, F: Fn(T) -> Option<P>> Visitor<'de> for FirstVisitor<T, F> {
        type Value = Option<P>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let mut found = None;
            while let Some(item) = items.next_element::<T>()? {
                if found.is_none() {
                    found = (self.0)(item);
                }
            }
            Ok(found)
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }

    deserializer.deserialize_any(FirstVisitor(pick, PhantomData))
}
