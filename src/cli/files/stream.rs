//! The objects of files of any size, one in memory at a time.
//!
//! A file that fits into memory is read as every command reads it. A larger one has to be JSON, as the dump of a large cluster
//! is, and is read as it comes.

use std::fmt;
use std::io::{self, BufRead};
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::directory::manifest_files;
use super::input::{is_url, split};
use super::manifest::ReadError;
use super::object::{Element, ListKind, ObjectAt, elements, item_elements};
use super::text::{Opened, TextError, open};

/// A piece of the input.
pub(in crate::cli) enum Piece<'p> {
    /// An object.
    Object(&'p ObjectAt<'p>),
    /// A file, or a part of it, that cannot be read or is no object: where it is, and why.
    Unread(String),
}

/// Hands out the pieces of the files that the paths name, in their order. An unreadable one does not hide the others.
pub(in crate::cli) fn each<'p>(
    paths: impl IntoIterator<Item = &'p Path>,
    take: &mut dyn FnMut(Piece<'_>),
) {
    for path in paths {
        let name = path.display().to_string();
        let files = if is_url(&name) {
            Err(ReadError::Url)
        } else if name == "-" {
            Ok(vec![path.to_owned()])
        } else {
            manifest_files(path).map_err(ReadError::from)
        };
        match files {
            Ok(files) if files.is_empty() => take(unread(&name, &ReadError::Empty)),
            Ok(files) => {
                for file in files {
                    of_file(&file.display().to_string(), take);
                }
            }
            Err(error) => take(unread(&name, &error)),
        }
    }
}

fn unread(file: &str, error: &dyn fmt::Display) -> Piece<'static> {
    Piece::Unread(format!("{}: {error}", named(file)))
}

/// Returns the name of a file for a person.
fn named(file: &str) -> &str {
    if file == "-" { "standard input" } else { file }
}

fn of_file(file: &str, take: &mut dyn FnMut(Piece<'_>)) {
    match open(file) {
        Ok(Opened::Text(text)) => {
            let mut manifests = Vec::new();
            split(file, text, &mut manifests);
            for manifest in manifests {
                match &manifest.content {
                    Ok(_) => {
                        let location = &manifest.location;
                        manifest.each(&mut |element| hand_out(&element, location, take));
                    }
                    Err(error) => {
                        take(Piece::Unread(format!("{}: {error}", manifest.location)));
                    }
                }
            }
        }
        Ok(Opened::Large(mut reader)) => {
            let read = of_json(&mut reader, &mut |element| {
                hand_out(&element, &named(file), take);
            });
            if let Err(error) = read {
                take(unread(file, &error));
            }
        }
        Err(error) => take(unread(file, &error)),
    }
}

fn hand_out(element: &Element<'_>, place: &dyn fmt::Display, take: &mut dyn FnMut(Piece<'_>)) {
    match element {
        Element::Object(object) => take(Piece::Object(object)),
        Element::Misfit { error, .. } => take(Piece::Unread(format!("{place}: {error}"))),
    }
}

/// A large file that is not read to its end.
#[derive(Debug, thiserror::Error)]
enum LargeError {
    #[error(
        "{}, or have kubectl print it by -o json, which is read piece by piece",
        TextError::TooLarge
    )]
    NoJson,
    #[error("the JSON goes wrong in line {}, column {}", .0.line(), .0.column())]
    Syntax(serde_json::Error),
    #[error(transparent)]
    Unreadable(#[from] io::Error),
}

/// Reads JSON values, one after another.
fn of_json(reader: &mut dyn BufRead, take: &mut dyn FnMut(Element<'_>)) -> Result<(), LargeError> {
    while let Some(first) = first_mark(reader)? {
        if first != b'{' {
            return Err(LargeError::NoJson);
        }
        let mut json = serde_json::Deserializer::from_reader(&mut *reader);
        let rest = Document(take).deserialize(&mut json);
        let rest = rest.map_err(LargeError::Syntax)?;
        if let Some(object) = rest {
            for element in elements(&object.into()) {
                take(element);
            }
        }
    }
    Ok(())
}

/// Returns the next byte that is no space, which it leaves; `None` at the end.
fn first_mark(reader: &mut dyn BufRead) -> io::Result<Option<u8>> {
    loop {
        let buffer = reader.fill_buf()?;
        let length = buffer.len();
        let found = buffer.iter().position(|byte| !byte.is_ascii_whitespace());
        let mark = found.map(|position| buffer[position]);
        reader.consume(found.unwrap_or(length));
        if mark.is_some() || length == 0 {
            return Ok(mark);
        }
    }
}

/// A JSON object. If it is a list, its items are handed out; otherwise it is returned.
struct Document<'t>(&'t mut dyn FnMut(Element<'_>));

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = Option<Map<String, Value>>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = Option<Map<String, Value>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let (mut object, mut is_list) = (Map::new(), false);
        while let Some(key) = fields.next_key::<String>()? {
            if key == "items" {
                let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
                let list = ListKind::named(text("apiVersion"), text("kind"));
                fields.next_value_seed(Items(&list, &mut *self.0))?;
                is_list = true;
            } else {
                let value = fields.next_value()?;
                object.insert(key, value);
            }
        }
        Ok((!is_list).then_some(object))
    }
}

/// The items of a list, which are handed out.
struct Items<'t>(&'t ListKind, &'t mut dyn FnMut(Element<'_>));

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut position = 0;
        while let Some(item) = items.next_element::<Value>()? {
            for element in item_elements(&item, self.0, position) {
                (self.1)(element);
            }
            position += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::of_json;

    fn read(mut text: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        let read = of_json(&mut text, &mut |element| found.push(format!("{element:?}")));
        if let Err(error) = read {
            found.push(error.to_string());
        }
        found
    }

    #[test]
    fn lists_and_objects_are_read_one_after_another() {
        let text = br#"{"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {"name": "a"}}]}
            {"apiVersion": "v1", "items": [{"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "b"}}, 1], "kind": "List"}
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "c"}}
            "#;
        let found = read(text);
        assert_eq!(found.len(), 4, "{found:?}");
        for (found, part) in found.iter().zip([
            "kind: \"Pod\", namespace: \"\", name: \"a\"",
            "name: \"b\"",
            "Misfit",
            "name: \"c\"",
        ]) {
            assert!(found.contains(part), "{found}");
        }
    }

    #[test]
    fn text_that_goes_wrong_is_said() {
        let found = read(b"{\"items\": [1,\n}");
        assert_eq!(found[1], "the JSON goes wrong in line 2, column 1");
        assert!(read(b"a: 1").concat().contains("-o json"));
    }
}
