//! A manifest written anew, with its patches.

use std::io::{self, Write};

use serde_json::{Map, Value};

use super::explanation::apply;
use crate::cli::files::Manifest;
use crate::cli::output::yaml;
use crate::encoding::field::{FieldPath, Segment};

/// A JSON Patch, and the path to its object in the manifest.
pub(super) type PatchAt = (FieldPath, Vec<u8>);

/// Writes a manifest. The patches are in the order of its objects. Of a list, one item is in memory at a time.
pub(super) fn write(
    manifest: &Manifest,
    patches: &[PatchAt],
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(out, "---")?;
    let Some(Value::Object(list)) = manifest.list_without_items() else {
        let mut value = manifest.value().unwrap_or_default();
        for (path, patch) in patches {
            patched(&mut value, &path.0, patch)?;
        }
        return out.write_all(yaml(&value)?.as_bytes());
    };
    for (key, value) in list {
        if key == "items" {
            items(manifest, patches, out)?;
        } else {
            let field = Map::from_iter([(key, value)]);
            out.write_all(yaml(&field.into())?.as_bytes())?;
        }
    }
    Ok(())
}

fn items(manifest: &Manifest, patches: &[PatchAt], out: &mut impl Write) -> io::Result<()> {
    let mut patches = patches.iter().peekable();
    let mut position = 0;
    let mut written = Ok(());
    manifest.items(&mut |mut item| {
        let heading = if position == 0 { "items:\n" } else { "" };
        while let Some((path, patch)) =
            patches.next_if(|(path, _)| path.0.get(1) == Some(&Segment::Index(position)))
        {
            if written.is_ok() {
                written = patched(&mut item, &path.0[2..], patch);
            }
        }
        position += 1;
        if written.is_ok() {
            written = yaml(&item).and_then(|text| write!(out, "{heading}{}", as_item(&text)));
        }
    });
    written?;
    if position == 0 {
        writeln!(out, "items: []")
    } else {
        Ok(())
    }
}

/// Indents a value as the item of a list.
fn as_item(text: &str) -> String {
    let mut item = String::with_capacity(text.len() + text.len() / 8);
    for (position, line) in text.split_inclusive('\n').enumerate() {
        match line {
            _ if position == 0 => item.push_str("- "),
            "\n" => {}
            _ => item.push_str("  "),
        }
        item.push_str(line);
    }
    item
}

/// Patches the object at a path.
fn patched(value: &mut Value, path: &[Segment], operations: &[u8]) -> io::Result<()> {
    let object = path.iter().try_fold(value, |value, segment| match segment {
        Segment::Key(key) | Segment::Entry(key) => value.get_mut(key),
        Segment::Index(index) => value.get_mut(index),
    });
    if let Some(object) = object {
        *object = apply(operations, object).map_err(io::Error::other)?;
    }
    Ok(())
}
