//! A writer of JSON text. The caller writes the punctuation, so that a constant part of a value is one piece.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// JSON text, as far as it is written.
#[derive(Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// Returns a writer with room for as many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// True if nothing is written yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns what is written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Writes a piece of JSON as it is.
    pub fn raw(&mut self, json: &str) {
        self.0.extend_from_slice(json.as_bytes());
    }

    /// Writes a string.
    pub fn text(&mut self, text: &str) {
        self.0.push(b'"');
        self.part(text);
        self.0.push(b'"');
    }

    /// Writes the key of a member, and the colon after it.
    pub fn key(&mut self, key: &str) {
        self.text(key);
        self.0.push(b':');
    }

    /// Writes a number, as a value or inside a string.
    pub fn number(&mut self, number: usize) {
        let written = write!(self.0, "{number}");
        debug_assert!(written.is_ok(), "writing to memory cannot fail");
    }

    /// Writes a value by its type's own form.
    pub fn value(&mut self, value: &impl Serialize) {
        let written = serde_json::to_writer(&mut self.0, value);
        debug_assert!(written.is_ok(), "writing to memory cannot fail");
    }

    /// Writes bytes as a string, in base64.
    pub fn base64(&mut self, bytes: &[u8]) {
        self.0.push(b'"');
        let start = self.0.len();
        self.0.resize(start + bytes.len().div_ceil(3) * 4, 0);
        let encoded = STANDARD.encode_slice(bytes, &mut self.0[start..]);
        debug_assert_eq!(
            encoded,
            Ok(self.0.len() - start),
            "the space is what base64 needs"
        );
        self.0.push(b'"');
    }

    /// Writes a part of a string, without quotes around it.
    pub fn part(&mut self, text: &str) {
        // A loop without an early end compares many bytes at once. Hardly any text has something to escape.
        let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
        if text.bytes().fold(true, |all, byte| all & is_plain(byte)) {
            self.raw(text);
            return;
        }
        let start = self.0.len();
        self.value(&text);
        self.0.remove(start);
        self.0.pop();
    }

    /// Writes a key as one token of a JSON pointer, inside a string: `~` and `/` are escaped (R4.6).
    pub fn token(&mut self, key: &str) {
        let mut rest = key;
        while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'~' | b'/')) {
            self.part(&rest[..at]);
            let escaped = if rest[at..].starts_with('~') {
                "~0"
            } else {
                "~1"
            };
            self.raw(escaped);
            rest = &rest[at + 1..];
        }
        self.part(rest);
    }

    /// Writes items between brackets, with a comma after each but the last.
    pub fn list<T>(&mut self, items: impl IntoIterator<Item = T>, write: impl FnMut(&mut Self, T)) {
        self.enclosed(*b"[]", items, write);
    }

    /// Writes members between braces, with a comma after each but the last. `write` writes a key and a value.
    pub fn object<T>(
        &mut self,
        members: impl IntoIterator<Item = T>,
        write: impl FnMut(&mut Self, T),
    ) {
        self.enclosed(*b"{}", members, write);
    }

    fn enclosed<T>(
        &mut self,
        [open, close]: [u8; 2],
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.0.push(open);
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.0.push(b',');
            }
            write(self, item);
        }
        self.0.push(close);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Writer;

    fn written(write: impl FnOnce(&mut Writer)) -> String {
        let mut writer = Writer::default();
        write(&mut writer);
        String::from_utf8(writer.into_bytes()).unwrap()
    }

    proptest! {
        /// A list of any texts is what a parser reads it as.
        #[test]
        fn texts_are_json(texts in prop::collection::vec("[\\PC\\\\\"\n\u{0}-\u{1f}\u{7f}\u{2028}]{0,40}", 0..4)) {
            let json = written(|json| json.list(&texts, |json, text| json.text(text)));
            prop_assert_eq!(json, serde_json::to_string(&texts).unwrap());
        }
    }

    /// `~` is escaped before `/` (R4.6), and what JSON escapes is escaped too.
    #[test]
    fn tokens_escape_tilde_and_slash() {
        for (key, token) in [
            ("", ""),
            ("a", "a"),
            ("a~b/c~1/", "a~0b~1c~01~1"),
            ("karpenter.sh/nodepool", "karpenter.sh~1nodepool"),
            ("~é/\"", "~0é~1\\\""),
        ] {
            assert_eq!(written(|json| json.token(key)), token);
        }
    }

    #[test]
    fn members_are_separated() {
        let json = written(|json| {
            json.object([("a", 0), ("b", 12)], |json, (key, value)| {
                json.key(key);
                json.number(value);
            });
        });
        assert_eq!(json, r#"{"a":0,"b":12}"#);
        assert_eq!(written(|json| json.base64(b"{}")), r#""e30=""#);
        assert_eq!(written(|json| json.object([0; 0], |_, _| ())), "{}");
    }
}
