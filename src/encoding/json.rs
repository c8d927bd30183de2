//! JSON read in one pass: what is wanted is parsed where it stands, and everything else is passed over.
//!
//! Most of a review is of no concern to placement (managed fields, environments, volumes), and passing over it is most
//! of what a request costs. Here a value is passed over by its brackets and quotes alone, several times faster than a
//! parser can check it. So what berth reads is checked, and what it does not read is not: that is the API server's, which
//! wrote it.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;

/// Where a body stops making sense: never what stands there, since a pod's environment holds secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// The byte of the body, from 0.
    pub at: usize,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unreadable at byte {}", self.at)
    }
}

impl std::error::Error for Malformed {}

/// Reads the members of an object: `fields!(json, |value| { "name" => read it from value, … })`. Each key stands once, with
/// what reads its value; every other member is passed over. See [`Reader::members`].
macro_rules! fields {
    ($json:expr, |$value:ident| { $($($key:literal)|+ => $read:expr,)+ }) => {
        $json.members(&[$($($key),+),+], |key, $value| {
            match key {
                $($($key)|+ => $read,)+
                // `members` passes over all other keys.
                _ => {}
            }
            Ok(())
        })
    };
}
pub(crate) use fields;

/// A reader of JSON, before the next value.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// A reader before the first value of a text.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            at: after_space(text.as_bytes(), 0),
        }
    }

    /// Reads the end of the text.
    ///
    /// # Errors
    /// When anything else is there.
    pub fn end(&mut self) -> Result<(), Malformed> {
        self.pass_space();
        if self.at == self.text.len() {
            Ok(())
        } else {
            Err(self.malformed())
        }
    }

    /// Passes over a value, and gives its text, which is not checked.
    ///
    /// # Errors
    /// When there is no value.
    pub fn span(&mut self) -> Result<&'a str, Malformed> {
        let start = self.at;
        self.at = end_of_value(self.text.as_bytes(), start)?;
        Ok(&self.text[start..self.at])
    }

    /// Reads a text. `null` is the empty one, as it is to the API server.
    ///
    /// # Errors
    /// When there is no string.
    pub fn text(&mut self) -> Result<Cow<'a, str>, Malformed> {
        if self.is_null() {
            return self.span().map(|_| Cow::default());
        }
        self.string()
    }

    /// Parses a value.
    ///
    /// # Errors
    /// When it is no JSON, or of another type.
    pub fn parse<T: Deserialize<'a>>(&mut self) -> Result<T, Malformed> {
        let error = self.malformed();
        serde_json::from_str(self.span()?).map_err(|_| error)
    }

    /// Reads the members of an object whose keys are listed, passing over the others and over those that are `null`.
    /// `read` has to read the one value that it is called before.
    ///
    /// # Errors
    /// When there is no object, one of the keys stands twice, or a member cannot be read.
    pub fn members(
        &mut self,
        keys: &[&'static str],
        mut read: impl FnMut(&'static str, &mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        debug_assert!(keys.len() <= 32, "there is one bit for each key");
        let mut seen = 0_u32;
        self.list(*b"{}", |reader| {
            let key = reader.key()?;
            let Some(known) = keys.iter().position(|known| *known == key) else {
                return reader.span().map(drop);
            };
            if seen & (1 << known) != 0 {
                return Err(reader.malformed());
            }
            seen |= 1 << known;
            if reader.is_null() {
                return reader.span().map(drop);
            }
            read(keys[known], reader)
        })
    }

    /// Reads all members of an object, whatever their keys, and however often one stands there.
    ///
    /// # Errors
    /// When there is no object, or a member cannot be read.
    pub fn entries(
        &mut self,
        mut read: impl FnMut(Cow<'a, str>, &mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.list(*b"{}", |reader| {
            let key = reader.key()?;
            read(key, reader)
        })
    }

    /// Reads the items of a list. `read` has to read the one item that it is called before.
    ///
    /// # Errors
    /// When there is no list, or an item cannot be read.
    pub fn items(
        &mut self,
        read: impl FnMut(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.list(*b"[]", read)
    }

    /// Reads a list of things.
    ///
    /// # Errors
    /// When there is no list, or an item cannot be read.
    pub fn list_of<T>(
        &mut self,
        read: impl Fn(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        let mut list = Vec::new();
        self.items(|item| {
            list.push(read(item)?);
            Ok(())
        })?;
        Ok(list)
    }

    /// Whatever stands between two brackets, separated by commas.
    fn list(
        &mut self,
        [open, close]: [u8; 2],
        mut read: impl FnMut(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.require(open)?;
        if self.take(close) {
            return Ok(());
        }
        loop {
            read(self)?;
            self.pass_space();
            if self.take(close) {
                return Ok(());
            }
            self.require(b',')?;
        }
    }

    /// Reads a key, and what separates it from its value.
    fn key(&mut self) -> Result<Cow<'a, str>, Malformed> {
        let key = self.string()?;
        self.pass_space();
        self.require(b':')?;
        Ok(key)
    }

    /// Reads a string. Hardly any has an escape in it; one that has is parsed.
    fn string(&mut self) -> Result<Cow<'a, str>, Malformed> {
        let start = self.malformed();
        let bytes = self.text.as_bytes();
        if bytes.get(start.at) != Some(&b'"') {
            return Err(start);
        }
        let inside = start.at + 1;
        let plain = inside + until_quote_or_backslash(&bytes[inside..]);
        if bytes.get(plain) == Some(&b'"') {
            self.at = plain + 1;
            return Ok(Cow::Borrowed(&self.text[inside..plain]));
        }
        self.parse().map(Cow::Owned)
    }

    fn require(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(self.malformed())
        }
    }

    /// Reads this byte and the space behind it, if it is there.
    fn take(&mut self, byte: u8) -> bool {
        let found = self.text.as_bytes().get(self.at) == Some(&byte);
        if found {
            self.at += 1;
            self.pass_space();
        }
        found
    }

    fn pass_space(&mut self) {
        self.at = after_space(self.text.as_bytes(), self.at);
    }

    fn is_null(&self) -> bool {
        self.text[self.at..].starts_with("null")
    }

    /// The error that what stands here is not what was looked for.
    pub(crate) fn malformed(&self) -> Malformed {
        Malformed { at: self.at }
    }
}

fn after_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Where a value ends that starts here. It takes no memory and no recursion, however deep the value is.
fn end_of_value(bytes: &[u8], start: usize) -> Result<usize, Malformed> {
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
    if end == start {
        Err(Malformed { at: start })
    } else {
        Ok(end)
    }
}

fn end_of_string(bytes: &[u8], start: usize) -> Result<usize, Malformed> {
    let mut at = start + 1;
    loop {
        at += until_quote_or_backslash(bytes.get(at..).unwrap_or_default());
        match bytes.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(_) => at += 2,
            None => return Err(Malformed { at: start }),
        }
    }
}

/// How many bytes stand before the first quote or backslash, eight at a time: most strings of a review are short, so a
/// search that has to be set up first costs more than it saves.
fn until_quote_or_backslash(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    /// Marks the bytes of a word that are this one; marks above the lowest may be wrong.
    const fn marks(word: u64, byte: u8) -> u64 {
        let zero_where_equal = word ^ (ONES * byte as u64);
        zero_where_equal.wrapping_sub(ONES) & !zero_where_equal & (ONES << 7)
    }
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = marks(word, b'"') | marks(word, b'\\');
        if found != 0 {
            return index * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let is_end = |byte: &u8| matches!(byte, b'"' | b'\\');
    words.len() * 8 + rest.iter().position(is_end).unwrap_or(rest.len())
}

fn end_of_brackets(bytes: &[u8], start: usize) -> Result<usize, Malformed> {
    let (mut at, mut depth) = (start, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = end_of_string(bytes, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Ok(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    Err(Malformed { at: start })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::{Reader, end_of_value};

    /// Values of every shape, with whatever a string can hold.
    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
            "\\PC{0,40}".prop_map(Value::from),
            "[\\\\\"{}\\[\\],: \\n]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::hash_map("[a-c\"\\\\{}]{0,3}", inner, 0..6).prop_map(|map| {
                    Value::from(map.into_iter().collect::<serde_json::Map<_, _>>())
                }),
            ]
        })
    }

    proptest! {
        /// A value ends where a parser says that it does, whatever follows it, packed or with spaces.
        #[test]
        fn values_end_where_a_parser_ends_them(value in any_value(), pretty: bool, rest in "[,}\\] \"]{0,5}") {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            // A number goes on into what would follow it; a separator always does follow.
            let body = format!("{text},{rest}");
            prop_assert_eq!(end_of_value(body.as_bytes(), 0).unwrap(), text.len());
        }

        /// The members of an object are those that a parser finds.
        #[test]
        fn members_are_those_of_a_parser(value in any_value(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let mut found = Vec::new();
            let read = Reader::new(&text).members(&["a", "b", "\"", "\\"], |key, member| {
                found.push((key, member.parse::<Value>()?));
                Ok(())
            });
            prop_assert_eq!(read.is_ok(), value.is_object());
            let all = value.as_object().into_iter().flatten();
            let expected: Vec<_> = all
                .filter(|(key, member)| ["a", "b", "\"", "\\"].contains(&key.as_str()) && !member.is_null())
                .map(|(key, member)| (key.as_str(), member.clone()))
                .collect();
            prop_assert_eq!(found, expected);
        }

        /// The items of a list are those that a parser finds.
        #[test]
        fn items_are_those_of_a_parser(value in any_value(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let mut found = Vec::new();
            let read = Reader::new(&text).items(|item| {
                found.push(item.parse::<Value>()?);
                Ok(())
            });
            prop_assert_eq!(read.is_ok(), value.is_array());
            prop_assert_eq!(found, value.as_array().cloned().unwrap_or_default());
        }

        /// Whatever the text, nothing panics.
        #[test]
        fn no_text_panics(text in "[\\[\\]{}\",:\\\\a0 ]{0,24}") {
            let _ = Reader::new(&text).members(&["a"], |_, value| value.span().map(drop));
            let _ = Reader::new(&text).items(|item| item.items(|inner| inner.span().map(drop)));
            let _ = Reader::new(&text).parse::<Value>();
        }
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_where_it_is_read() {
        let text = r#"{"a":1,"\u0061":null,"b":2,"b":3}"#;
        let members = |key| Reader::new(text).members(&[key], |_, value| value.span().map(drop));
        assert!(members("a").is_err());
        assert!(members("b").is_err());
        assert!(members("c").is_ok());
    }
}
