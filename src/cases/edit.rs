//! Sets one value of a document, and leaves the rest of its text as it is, comments included.

use serde_json::{Value, json};

use super::flow::Notation;
use crate::encoding::field::{FieldPath, Segment};
use crate::encoding::yaml::{Entry, Place, Shape, place_of};

/// Returns a document in which a field has a value; `None` if it cannot be set, as behind an alias.
pub(super) fn set(document: &str, path: &FieldPath, value: &Value) -> Option<String> {
    let root = place_of(document)?;
    let notation = Notation::of(document);
    let mut place = &root;
    let mut last: Option<(&Entry, bool)> = None;
    for (depth, segment) in path.0.iter().enumerate() {
        match (&place.shape, segment) {
            (
                Shape::Map {
                    in_brackets,
                    entries,
                },
                Segment::Key(key),
            ) => {
                let Some(entry) = entries.iter().find(|entry| entry.key == *key) else {
                    let rest = nested(&path.0[depth + 1..], value)?;
                    return add(document, place, last, (key, &rest), notation);
                };
                last = Some((entry, *in_brackets));
                place = &entry.value;
            }
            (Shape::List { items, .. }, Segment::Index(index)) => {
                last = None;
                place = items.get(*index)?;
            }
            // A scalar or nothing stands where a map belongs.
            (Shape::Other, Segment::Key(_)) => {
                let whole = nested(&path.0[depth..], value)?;
                return replace(document, place, last, &whole, notation);
            }
            _ => return None,
        }
    }
    replace(document, place, last, value, notation)
}

/// Returns a value inside of maps, one for each step of a path.
fn nested(path: &[Segment], value: &Value) -> Option<Value> {
    path.iter()
        .rev()
        .try_fold(value.clone(), |value, segment| match segment {
            Segment::Key(key) => Some(json!({ key: value })),
            Segment::Entry(_) | Segment::Index(_) => None,
        })
}

/// Adds an entry to a map.
fn add(
    document: &str,
    map: &Place,
    of_map: Option<(&Entry, bool)>,
    (key, value): (&str, &Value),
    notation: Notation,
) -> Option<String> {
    let Shape::Map {
        in_brackets,
        entries,
    } = &map.shape
    else {
        return None;
    };
    let Some(last) = entries.last() else {
        let entry = json!({ key: value });
        return replace(document, map, of_map, &entry, notation);
    };
    if *in_brackets {
        let entry = format!(", {}: {}", notation.text(key), notation.line(value));
        return Some(spliced(
            document,
            last.value.part.end,
            last.value.part.end,
            &entry,
        ));
    }
    let first = entries.first()?;
    let indent = column(document, first.key_part.start);
    let end = last.value.part.end;
    let end = document[end..]
        .find('\n')
        .map_or(document.len(), |at| end + at);
    let entry = notation.entry(key, value, indent);
    Some(spliced(document, end, end, &format!("\n{entry}")))
}

/// Replaces a value. `entry` is the entry that it is the value of, and says if that stands in a map in braces.
fn replace(
    document: &str,
    place: &Place,
    entry: Option<(&Entry, bool)>,
    value: &Value,
    notation: Notation,
) -> Option<String> {
    let part = &place.part;
    let Some((Entry { key_part, .. }, false)) = entry else {
        let line = notation.line(value);
        // A value that is left out in braces has no place of its own: `{a, b: 1}`.
        return (!part.is_empty()).then(|| spliced(document, part.start, part.end, &line));
    };
    let behind_colon = key_part.end + document.get(key_part.end..)?.find(':')? + 1;
    let key = document.get(key_part.clone())?;
    let behind = notation.behind(key, value, column(document, key_part.start));
    if part.is_empty() {
        return Some(spliced(document, behind_colon, behind_colon, &behind));
    }
    // A comment between the key and a block below it stays in its line.
    let gap = document.get(behind_colon..part.start)?;
    let Some(end_of_line) = gap.find('\n') else {
        return Some(spliced(document, behind_colon, part.end, &behind));
    };
    let comment = gap[..end_of_line].trim_end_matches('\r');
    let written = if behind.starts_with('\n') {
        format!("{comment}{behind}")
    } else {
        format!("{behind}{comment}")
    };
    Some(spliced(document, behind_colon, part.end, &written))
}

/// Returns the column of a place, from 0.
fn column(document: &str, at: usize) -> usize {
    let line = document[..at].rfind('\n').map_or(0, |end| end + 1);
    document[line..at].chars().count()
}

fn spliced(document: &str, start: usize, end: usize, text: &str) -> String {
    format!("{}{text}{}", &document[..start], &document[end..])
}
