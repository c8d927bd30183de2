//! The maps of an object (labels, annotations, node selector), sorted by key for binary search.

use std::borrow::Cow;

use crate::encoding::json::{Malformed, Reader};
use crate::label::canonical;

/// A map of labels, sorted by key.
#[derive(Debug, Default)]
pub struct Labels<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Labels<'a> {
    pub(super) fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        sorted(json, |key| key, Reader::text).map(Self)
    }

    /// Returns the value of a label, or `None` if the map lacks the key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        find(&self.0, key).map(|value| &**value)
    }

    /// Returns the labels whose keys begin with a prefix.
    pub fn under<'l>(&'l self, prefix: &'l str) -> impl Iterator<Item = (&'l str, &'l str)> {
        under(&self.0, prefix).map(|(key, value)| (&**key, &**value))
    }
}

/// A map of annotations, sorted by key. A value is unread JSON, since placement reads few of them.
#[derive(Debug, Default)]
pub struct Annotations<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Annotations<'a> {
    pub(super) fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        sorted(json, |key| key, Reader::span).map(Self)
    }

    /// Returns the value of an annotation, or `None` if the map lacks the key. A value that is no text counts as empty.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Cow<'_, str>> {
        let span = find(&self.0, key)?;
        Some(Reader::new(span).text().unwrap_or_default())
    }

    /// True if the map has the key.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        find(&self.0, key).is_some()
    }

    /// Returns the keys that begin with a prefix.
    pub fn under<'l>(&'l self, prefix: &'l str) -> impl Iterator<Item = &'l str> {
        under(&self.0, prefix).map(|(key, _)| &**key)
    }
}

/// A node selector, sorted by canonical key, so that an alias is next to the label that it is an alias of.
#[derive(Debug, Default)]
pub struct NodeSelector<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> NodeSelector<'a> {
    pub(super) fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        sorted(json, canonical, Reader::text).map(Self)
    }

    /// Returns the keys as their author wrote them, each with the value that the label must have.
    #[must_use]
    pub fn entries(&self) -> &[(Cow<'a, str>, Cow<'a, str>)] {
        &self.0
    }
}

fn find<'m, V>(sorted: &'m [(Cow<'_, str>, V)], key: &str) -> Option<&'m V> {
    let found = sorted
        .binary_search_by(|(listed, _)| listed.as_ref().cmp(key))
        .ok()?;
    Some(&sorted[found].1)
}

/// Returns the entries whose keys begin with a prefix: they stand together.
fn under<'m, V>(
    sorted: &'m [(Cow<'_, str>, V)],
    prefix: &'m str,
) -> impl Iterator<Item = &'m (Cow<'m, str>, V)> {
    let start = sorted.partition_point(|(key, _)| &**key < prefix);
    sorted[start..]
        .iter()
        .take_while(move |(key, _)| key.starts_with(prefix))
}

/// The number of entries that a map gets memory for at once. Most maps of a pod have no more.
const USUAL_ENTRIES: usize = 8;

/// Reads a map into a list. The list is sorted by the result of `order` for each key, and then by the key. A map with a
/// key twice is refused: the API server never sends one (R6.8).
fn sorted<'a, V>(
    json: &mut Reader<'a>,
    order: fn(&str) -> &str,
    value: fn(&mut Reader<'a>) -> Result<V, Malformed>,
) -> Result<Vec<(Cow<'a, str>, V)>, Malformed> {
    let start = json.malformed();
    let mut entries = Vec::with_capacity(USUAL_ENTRIES);
    json.entries(|key, json| {
        entries.push((key, value(json)?));
        Ok(())
    })?;
    entries.sort_unstable_by(|(a, _), (b, _)| order(a).cmp(order(b)).then_with(|| a.cmp(b)));
    let has_key_twice = entries.windows(2).any(|pair| pair[0].0 == pair[1].0);
    if has_key_twice {
        Err(start)
    } else {
        Ok(entries)
    }
}
