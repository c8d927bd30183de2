//! Values as YAML in one line, or in a block of lines.

use serde_json::Value;

/// The columns that a line is kept to, if it can be.
const COLUMNS: usize = 100;

/// Words that YAML 1.1 reads as something else than text.
const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// The notation of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notation {
    Yaml,
    Json,
}

impl Notation {
    /// Returns the notation of a document.
    pub(super) fn of(document: &str) -> Self {
        let is_json = document.trim_start().starts_with('{');
        if is_json { Self::Json } else { Self::Yaml }
    }

    /// Returns a text as a key or a value: without quotes, if it is read as text without them.
    pub(super) fn text(self, text: &str) -> String {
        let is_joint = |char| matches!(char, '_' | '.' | '/' | '-');
        let starts_plain = text.starts_with(|char: char| char.is_ascii_alphabetic());
        let is_plain = starts_plain
            && text
                .chars()
                .all(|char| char.is_ascii_alphanumeric() || is_joint(char));
        if self == Self::Yaml && is_plain && !WORDS.contains(&text.to_ascii_lowercase().as_str()) {
            text.to_owned()
        } else {
            Value::from(text).to_string()
        }
    }

    /// Returns a value in one line.
    pub(super) fn line(self, value: &Value) -> String {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.line(item)).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Object(fields) => {
                let fields = fields
                    .iter()
                    .map(|(key, value)| format!("{}: {}", self.text(key), self.line(value)));
                format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
            }
            other => other.to_string(),
        }
    }

    /// Returns what stands behind the colon of a key in a block: a value in the same line if it fits, or else in lines
    /// below. `indent` is the column of the key.
    pub(super) fn behind(self, key: &str, value: &Value, indent: usize) -> String {
        let line = self.line(value);
        if self == Self::Json || indent + key.len() + 2 + line.len() <= COLUMNS {
            return format!(" {line}");
        }
        let below: Vec<String> = match value {
            Value::Object(fields) => {
                let fields = fields.iter();
                fields
                    .map(|(key, value)| self.entry(key, value, indent + 2))
                    .collect()
            }
            Value::Array(items) => {
                let items = items.iter().map(|item| self.line(item));
                items
                    .map(|item| format!("{:indent$}- {item}", ""))
                    .collect()
            }
            _ => return format!(" {line}"),
        };
        format!("\n{}", below.join("\n"))
    }

    /// Returns an entry of a map in a block, without the line's end.
    pub(super) fn entry(self, key: &str, value: &Value, indent: usize) -> String {
        let key = self.text(key);
        format!("{:indent$}{key}:{}", "", self.behind(&key, value, indent))
    }
}
