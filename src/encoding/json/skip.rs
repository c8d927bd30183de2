//! The end of a value that nobody reads, found without parsing it.

use super::block::{BLOCK, LANE, Marks, first_of};

/// Returns the position after the value that begins at `start`, or `None` if there is no value or no end of it. It neither
/// allocates nor recurses, however deep the value is.
pub(super) fn end_of_value(bytes: &[u8], start: usize) -> Option<usize> {
    let end = match bytes.get(start) {
        Some(b'"') => end_of_string(bytes, start)?,
        Some(b'{' | b'[') => end_of_brackets(bytes, start)?,
        Some(_) => {
            let rest = &bytes[start..];
            let ends = |byte: &u8| {
                matches!(
                    byte,
                    b',' | b':' | b'{' | b'}' | b'[' | b']' | b'"' | b' ' | b'\t' | b'\n' | b'\r'
                )
            };
            start + rest.iter().position(ends).unwrap_or(rest.len())
        }
        None => start,
    };
    (end != start).then_some(end)
}

/// True if a key in the text may have a slash, as the name of an extended resource has. A text with a backslash may have
/// any key. Other texts that have no such key are told apart from those that have.
pub(crate) fn may_have_slash_in_key(text: &str) -> bool {
    let mut rest = text.as_bytes();
    loop {
        let (_, found) = rest.split_at(until(rest, *b"/\\"));
        match found {
            [] => return false,
            [b'/', after @ ..] => rest = after,
            _ => return true,
        }
        let (_, end) = rest.split_at(until(rest, *b"\"\\"));
        let [b'"', after @ ..] = end else {
            return true;
        };
        rest = after.trim_ascii_start();
        if rest.starts_with(b":") {
            return true;
        }
    }
}

/// Returns the number of bytes before the first quote or backslash.
#[inline]
pub(super) fn until_quote_or_backslash(bytes: &[u8]) -> usize {
    until(bytes, *b"\"\\")
}

/// Returns the number of bytes before the first of two bytes.
#[inline]
fn until(bytes: &[u8], wanted: [u8; 2]) -> usize {
    match bytes.first_chunk().map(|lane| first_of(lane, wanted)) {
        Some(Some(found)) => found,
        _ => until_in_long(bytes, wanted),
    }
}

fn until_in_long(bytes: &[u8], wanted: [u8; 2]) -> usize {
    let (lanes, rest) = bytes.as_chunks::<LANE>();
    for (index, lane) in lanes.iter().enumerate() {
        if let Some(found) = first_of(lane, wanted) {
            return index * LANE + found;
        }
    }
    let is_wanted = |byte: &u8| wanted.contains(byte);
    lanes.len() * LANE + rest.iter().position(is_wanted).unwrap_or(rest.len())
}

fn end_of_string(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        at += until_quote_or_backslash(bytes.get(at..).unwrap_or_default());
        if *bytes.get(at)? == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

fn end_of_brackets(bytes: &[u8], start: usize) -> Option<usize> {
    let mut place = Place::default();
    let mut at = start;
    // One call for whole blocks and for the last, so that it is a part of the loop.
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let last;
        let block = if let Some(block) = rest.first_chunk() {
            block
        } else {
            last = padded(rest);
            &last
        };
        if let Some(end) = place.pass(block) {
            return Some(at + end);
        }
        if rest.len() < BLOCK {
            return None;
        }
        at += BLOCK;
    }
}

/// Returns a block of these bytes and spaces.
#[cold]
fn padded(bytes: &[u8]) -> [u8; BLOCK] {
    let mut block = [b' '; BLOCK];
    block[..bytes.len()].copy_from_slice(bytes);
    block
}

/// A place in a value that has brackets.
#[derive(Default)]
struct Place {
    depth: u32,
    /// All bits if the place is in a string, else none.
    string: u64,
    /// The first bit if a backslash is before the place and escapes what follows, else none.
    escaped: u64,
}

impl Place {
    /// Passes over a block. Returns the position in it after the bracket that closes the value, if it does.
    fn pass(&mut self, block: &[u8; BLOCK]) -> Option<usize> {
        let marks = Marks::of(block);
        let quotes = marks.quotes & !self.escaped_by(marks.backslashes);
        let strings = up_to_each(quotes) ^ self.string;
        self.string = 0_u64.wrapping_sub(strings >> (BLOCK - 1));
        let (opens, closes) = (marks.opens & !strings, marks.closes & !strings);
        let ended = closes.count_ones();
        if ended < self.depth {
            self.depth = self.depth - ended + opens.count_ones();
            return None;
        }
        self.end(opens, closes)
    }

    /// Passes over the brackets of a block one by one. Returns the position after the one that closes the value.
    fn end(&mut self, opens: u64, closes: u64) -> Option<usize> {
        let mut left = opens | closes;
        while left != 0 {
            let lowest = left & left.wrapping_neg();
            if opens & lowest != 0 {
                self.depth += 1;
            } else {
                self.depth -= 1;
                if self.depth == 0 {
                    return Some(lowest.trailing_zeros() as usize + 1);
                }
            }
            left ^= lowest;
        }
        None
    }

    /// Returns the bytes of a block that a backslash escapes. Most blocks have none.
    fn escaped_by(&mut self, backslashes: u64) -> u64 {
        let mut escaped = self.escaped;
        let mut left = backslashes & !escaped;
        self.escaped = 0;
        while left != 0 {
            let lowest = left & left.wrapping_neg();
            escaped |= lowest << 1;
            self.escaped = lowest >> (BLOCK - 1);
            left &= !(lowest | lowest << 1);
        }
        escaped
    }
}

/// Returns, for each bit, if the number of marks up to it, itself included, is odd.
fn up_to_each(marks: u64) -> u64 {
    [1, 2, 4, 8, 16, 32]
        .iter()
        .fold(marks, |odd, by| odd ^ odd << by)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::may_have_slash_in_key;

    fn has_slash_in_key(value: &Value) -> bool {
        match value {
            Value::Array(items) => items.iter().any(has_slash_in_key),
            Value::Object(members) => members
                .iter()
                .any(|(key, member)| key.contains('/') || has_slash_in_key(member)),
            _ => false,
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            "[a/:, ]{0,40}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::hash_map("[a-d.]{0,20}/?[ab:]{0,3}", inner, 0..5).prop_map(
                    |map| { Value::from(map.into_iter().collect::<serde_json::Map<_, _>>()) }
                ),
            ]
        })
    }

    proptest! {
        /// Without backslashes, the quick look sees what a parser sees.
        #[test]
        fn slashes_in_keys_are_seen(value in any_value(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            prop_assert_eq!(may_have_slash_in_key(&text), has_slash_in_key(&value), "{}", text);
        }
    }

    #[test]
    fn a_backslash_may_hide_a_slash() {
        for text in [
            r#"{"a\u002fb":1}"#,
            r#"{"a":"b\"c"}"#,
            r#"["/\""]"#,
            r#"["/"#,
        ] {
            assert!(may_have_slash_in_key(text), "{text}");
        }
        assert!(may_have_slash_in_key("{\"a/b\" \t:1}"));
    }
}
