//! Maps of strings, sorted by key as they are read.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::requirement::canonical;
use super::text::Text;

/// A map of strings, sorted by key. A key that stands twice is refused: the API server never sends one (R6.8).
#[derive(Debug, Default)]
pub struct Labels<'a>(Vec<(Text<'a>, Text<'a>)>);

impl Labels<'_> {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        find(&self.0, key).map(Text::as_str)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Labels<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        sorted(deserializer, |key| key).map(Self)
    }
}

/// The keys of a map whose values do not matter, sorted.
#[derive(Debug, Default)]
pub struct Keys<'a>(Vec<(Text<'a>, IgnoredAny)>);

impl Keys<'_> {
    /// Whether the key is there.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        find(&self.0, key).is_some()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Keys<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        sorted(deserializer, |key| key).map(Self)
    }
}

/// A node selector, sorted by canonical key: an alias stands beside the key it is another name of.
#[derive(Debug, Default)]
pub struct NodeSelector<'a>(Vec<(Text<'a>, Text<'a>)>);

impl<'a> NodeSelector<'a> {
    /// The labels and the values that they must have.
    #[must_use]
    pub fn entries(&self) -> &[(Text<'a>, Text<'a>)] {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for NodeSelector<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        sorted(deserializer, canonical).map(Self)
    }
}

fn find<'m, V>(sorted: &'m [(Text<'_>, V)], key: &str) -> Option<&'m V> {
    let found = sorted
        .binary_search_by(|(listed, _)| listed.as_str().cmp(key))
        .ok()?;
    Some(&sorted[found].1)
}

/// Enough for most maps of a pod, so that growing costs nothing.
const USUAL_ENTRIES: usize = 8;

/// Reads a map into a list ordered by what `order` makes of its keys; refuses a key that stands twice.
fn sorted<'de, D, V>(
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
