//! A JSON reader that makes one pass over the text. It parses the wanted values in place and skips all others.
//!
//! Placement ignores most of a review (managed fields, environments, volumes), and skipping that part is most of the
//! cost of a request. The reader therefore looks only for the brackets and quotes of a value that it skips, which is
//! several times faster than parsing it. As a result, berth checks the values that it reads and no others. The API
//! server wrote the rest, and vouches for it.

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;

use super::skip::{end_of_value, until_quote_or_backslash};

/// The error for a body that cannot be read. It holds a position and never any text, since a pod's environment may hold
/// secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} at byte {at}", if *.is_excess { "more than anybody writes" } else { "unreadable" })]
pub struct Malformed {
    /// The position in the body, in bytes from 0.
    pub at: usize,
    /// True if the text has more than [`ITEMS`] items and entries, or more members than anybody writes. It may be good JSON.
    pub is_excess: bool,
}

/// The most items of lists, and entries of maps, that a reader gives: more than any pod has that runs. An item of a few
/// bytes can become an object of a hundred, so a bound on the bytes is none on the memory.
pub const ITEMS: u32 = 16 * 1024;

/// The most members of objects that a reader passes or reads. To pass one costs as much as to pass a hundred bytes in one
/// piece.
const MEMBERS: u32 = 16 * ITEMS;

/// Reads the members of an object: `fields!(json, |value| { "name" => read it from value, … })`. The list gives each
/// key once, with the code that reads its value. [`Reader::members`] says which members are skipped.
macro_rules! fields {
    ($json:expr, |$value:ident| { $($($key:literal)|+ => $read:expr,)+ }) => {
        // The compiler counts the keys, and compares with constants.
        $json.members(
            |key| {
                let next = 0;
                $($(
                    if key == $key.as_bytes() {
                        return Some(next);
                    }
                    let next = next + 1;
                )+)+
                let _ = next;
                None
            },
            |key, $value| {
                let next = 0;
                $(
                    let first = next;
                    let next = first + [$($key),+].len();
                    if (first..next).contains(&key) {
                        $read;
                        return Ok(());
                    }
                )+
                let _ = next;
                Ok(())
            },
        )
    };
}
pub(crate) use fields;

/// A reader of JSON text. Each method reads from the current position on, which is before a value.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// The items and entries that may still come.
    left: u32,
    /// The members that may still come.
    members_left: u32,
}

impl<'a> Reader<'a> {
    /// Returns a reader at the first value of the text.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            at: after_space(text.as_bytes(), 0),
            left: ITEMS,
            members_left: MEMBERS,
        }
    }

    /// Reads the end of the text.
    ///
    /// # Errors
    /// If anything but white space is left.
    pub fn end(&mut self) -> Result<(), Malformed> {
        self.pass_space();
        if self.at == self.text.len() {
            Ok(())
        } else {
            Err(self.malformed())
        }
    }

    /// Skips a value and returns its text, unchecked.
    ///
    /// # Errors
    /// If no value begins here.
    pub fn span(&mut self) -> Result<&'a str, Malformed> {
        self.with_span(Self::skip)
    }

    /// Skips a value, unchecked.
    ///
    /// # Errors
    /// If no value begins here.
    pub fn skip(&mut self) -> Result<(), Malformed> {
        let end = end_of_value(self.text.as_bytes(), self.at);
        self.at = end.ok_or(self.malformed())?;
        Ok(())
    }

    /// Skips a value if its text, unchecked, is of no interest. Else it reads nothing, and returns false.
    ///
    /// # Errors
    /// If no value begins here.
    pub fn skip_if(
        &mut self,
        is_of_no_interest: impl FnOnce(&str) -> bool,
    ) -> Result<bool, Malformed> {
        let start = self.at;
        let skipped = is_of_no_interest(self.span()?);
        if !skipped {
            self.at = start;
        }
        Ok(skipped)
    }

    /// Reads a value by `read`, and returns its text.
    ///
    /// # Errors
    /// If `read` fails.
    pub fn with_span(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<(), Malformed>,
    ) -> Result<&'a str, Malformed> {
        let start = self.at;
        read(self)?;
        Ok(&self.text[start..self.at])
    }

    /// Reads a string. `null` counts as the empty string, as it does for the API server.
    ///
    /// # Errors
    /// If the value is neither a string nor `null`.
    pub fn text(&mut self) -> Result<Cow<'a, str>, Malformed> {
        if self.is_null() {
            return self.skip().map(|()| Cow::default());
        }
        self.string()
    }

    /// Reads a value by its type's own parser, which checks all of it.
    ///
    /// # Errors
    /// If the value is not valid JSON or has another type.
    pub fn parse<T: Deserialize<'a>>(&mut self) -> Result<T, Malformed> {
        let error = self.malformed();
        serde_json::from_str(self.span()?).map_err(|_| error)
    }

    /// Reads the members of an object to whose keys `position` gives a number, from 0 to 31. It skips all other members,
    /// and those that are `null`. Each call of `read` gets the number of the key, and must read exactly one value.
    ///
    /// # Errors
    /// If the value is not an object, a key with a number occurs twice, or `read` fails.
    pub fn members(
        &mut self,
        position: impl Fn(&[u8]) -> Option<usize>,
        mut read: impl FnMut(usize, &mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        let mut seen = 0_u32;
        self.list(*b"{}", |reader| {
            reader.members_left = reader.reduced(reader.members_left)?;
            let known = match reader.plain_string() {
                Some(key) => position(reader.text.as_bytes().get(key).unwrap_or_default()),
                None => position(reader.escaped_string()?.as_bytes()),
            };
            reader.colon()?;
            let Some(known) = known else {
                return reader.skip();
            };
            debug_assert!(known < 32, "there is one bit for each key");
            if seen & (1 << known) != 0 {
                return Err(reader.malformed());
            }
            seen |= 1 << known;
            if reader.is_null() {
                return reader.skip();
            }
            read(known, reader)
        })
    }

    /// Reads all members of an object. It accepts any key, and a key that occurs several times. Each call of `read`
    /// must read exactly one value.
    ///
    /// # Errors
    /// If the value is not an object, or `read` fails.
    pub fn entries(
        &mut self,
        mut read: impl FnMut(Cow<'a, str>, &mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.list(*b"{}", |reader| {
            reader.count()?;
            let key = reader.key()?;
            read(key, reader)
        })
    }

    /// Reads the items of a list. Each call of `read` must read exactly one item.
    ///
    /// # Errors
    /// If the value is not a list, or `read` fails.
    pub fn items(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.list(*b"[]", |reader| {
            reader.count()?;
            read(reader)
        })
    }

    /// Reads a list and collects its items. Each call of `read` must read exactly one item.
    ///
    /// # Errors
    /// If the value is not a list, or `read` fails.
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

    /// Counts an item or an entry.
    fn count(&mut self) -> Result<(), Malformed> {
        self.left = self.reduced(self.left)?;
        Ok(())
    }

    /// Returns how many may come after one more.
    fn reduced(&self, left: u32) -> Result<u32, Malformed> {
        left.checked_sub(1).ok_or(Malformed {
            is_excess: true,
            ..self.malformed()
        })
    }

    /// Reads items that two brackets enclose and commas separate. Each call of `read` must read exactly one item.
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
            if !self.separator(b',') {
                return self.require(close);
            }
        }
    }

    /// Reads a key and the colon after it.
    fn key(&mut self) -> Result<Cow<'a, str>, Malformed> {
        let key = self.string()?;
        self.colon()?;
        Ok(key)
    }

    #[inline]
    fn colon(&mut self) -> Result<(), Malformed> {
        if self.separator(b':') {
            Ok(())
        } else {
            Err(self.malformed())
        }
    }

    /// Reads the byte with the white space around it. Returns `false` if the next byte is another one, and then has read the
    /// white space before that. The API server writes none before a separator.
    #[inline]
    fn separator(&mut self, byte: u8) -> bool {
        self.take(byte) || {
            self.pass_space();
            self.take(byte)
        }
    }

    /// Reads a string. Only the rare string that has an escape is copied.
    #[inline]
    fn string(&mut self) -> Result<Cow<'a, str>, Malformed> {
        match self.plain_string() {
            Some(inside) => Ok(Cow::Borrowed(&self.text[inside])),
            None => self.escaped_string(),
        }
    }

    /// Reads a string that has no escape, and returns its place in the text. Returns `None` for any other value, and then
    /// reads nothing.
    #[inline]
    fn plain_string(&mut self) -> Option<Range<usize>> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let (b'"', inside) = rest.split_first()? else {
            return None;
        };
        let length = until_quote_or_backslash(inside);
        if inside.get(length) != Some(&b'"') {
            return None;
        }
        let start = self.at + 1;
        let end = start + length;
        self.at = end + 1;
        Some(start..end)
    }

    #[cold]
    fn escaped_string(&mut self) -> Result<Cow<'a, str>, Malformed> {
        if self.text.as_bytes().get(self.at) == Some(&b'"') {
            self.parse().map(Cow::Owned)
        } else {
            Err(self.malformed())
        }
    }

    fn require(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(self.malformed())
        }
    }

    /// Reads the byte and the white space after it. Returns `false` if the next byte is another one, and then reads
    /// nothing.
    #[inline]
    fn take(&mut self, byte: u8) -> bool {
        let found = self.text.as_bytes().get(self.at) == Some(&byte);
        if found {
            self.at += 1;
            self.pass_space();
        }
        found
    }

    #[inline]
    fn pass_space(&mut self) {
        self.at = after_space(self.text.as_bytes(), self.at);
    }

    fn is_null(&self) -> bool {
        let rest = self.text.as_bytes().get(self.at..);
        rest.is_some_and(|rest| rest.starts_with(b"null"))
    }

    /// Returns the error for the reader's current position.
    pub(crate) fn malformed(&self) -> Malformed {
        malformed(self.at)
    }
}

fn malformed(at: usize) -> Malformed {
    Malformed {
        at,
        is_excess: false,
    }
}

fn after_space(bytes: &[u8], mut at: usize) -> usize {
    while bytes
        .get(at)
        .is_some_and(|byte| *byte <= b' ' && matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
    {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::{Reader, end_of_value};

    /// Generates values of every shape, with strings that need escapes.
    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
            "\\PC{0,40}".prop_map(Value::from),
            "[\\\\\"{}\\[\\],: \\n]{0,12}".prop_map(Value::from),
            "[\\\\\"{]{50,80}".prop_map(Value::from),
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
        /// A value ends at the position that a parser finds, compact or pretty-printed, before any following text.
        #[test]
        fn values_end_where_a_parser_ends_them(value in any_value(), pretty: bool, rest in "[,}\\] \"]{0,5}") {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            // A number needs a separator after it, and in a body it always has one.
            let body = format!("{text},{rest}");
            prop_assert_eq!(end_of_value(body.as_bytes(), 0).unwrap(), text.len());
        }

        /// `members` finds the members that a parser finds.
        #[test]
        fn members_are_those_of_a_parser(value in any_value(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let mut found = Vec::new();
            let keys = ["a", "b", "\"", "\\"];
            let position = |key: &[u8]| keys.iter().position(|known| known.as_bytes() == key);
            let read = Reader::new(&text).members(position, |key, member| {
                let key = keys[key];
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

        /// `items` finds the items that a parser finds.
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

        /// No method panics, even on text that is not JSON.
        #[test]
        fn no_text_panics(text in "[\\[\\]{}\",:\\\\a0 ]{0,24}") {
            let _ = fields!(Reader::new(&text), |value| { "a" => value.span()?, });
            let _ = Reader::new(&text).items(|item| item.items(Reader::skip));
            let _ = Reader::new(&text).parse::<Value>();
        }
    }

    #[test]
    fn a_key_that_occurs_twice_is_refused_if_it_is_read() {
        let text = r#"{"a":1,"\u0061":null,"b":2,"b":3}"#;
        let members = |wanted| {
            let position = |key: &[u8]| (key == wanted).then_some(0);
            Reader::new(text).members(position, |_, value| value.skip())
        };
        assert!(members(b"a").is_err());
        assert!(members(b"b").is_err());
        assert!(members(b"c").is_ok());
    }
}
