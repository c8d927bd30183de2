//! The parameters of a call, as a form.

use std::collections::BTreeMap;
use std::ops::Bound;

/// The parameters of a call by name. A list has its positions in the names, from 1.
#[derive(Debug)]
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads the body of a call.
    pub(super) fn read(body: &str) -> Self {
        let pairs = body.split('&').map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        Self(pairs.collect())
    }

    /// Returns a parameter; empty if there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }

    /// Returns the prefixes of the items of a list, in order: `prefix.1`, `prefix.2`, …
    pub(super) fn items(&self, prefix: &str) -> impl Iterator<Item = String> {
        let numbered = (1..).map(move |number| format!("{prefix}.{number}"));
        numbered.take_while(|item| {
            let mut from = self
                .0
                .range::<str, _>((Bound::Included(item.as_str()), Bound::Unbounded));
            from.next().is_some_and(|(name, _)| {
                let rest = name.strip_prefix(item.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        })
    }

    /// Returns the values of a list.
    pub(super) fn values(&self, prefix: &str) -> impl Iterator<Item = &str> {
        self.items(prefix).map(|item| self.get(&item))
    }
}

/// Undoes the percent encoding of a form.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let code = digit().zip(digit()).map(|(high, low)| high * 16 + low);
                code.and_then(|code| u8::try_from(code).ok())
                    .unwrap_or(b'?')
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
