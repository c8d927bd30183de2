//! A document of the input: its place, and its value for whoever asks.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::directory::Unlisted;
use super::object::{Element, Identity, ListKind, elements, item_elements};
use super::parse::{self, Syntax};
use super::text::TextError;
use crate::encoding::yaml::SyntaxError;

/// The place of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Location {
    /// The file, as it was named; `-` for standard input.
    pub(in crate::cli) file: Arc<str>,
    /// The document's number in the file, from 1; `None` for the file as a whole.
    pub(in crate::cli) document: Option<usize>,
    /// The line on which it starts, or on which something in it stands.
    pub(in crate::cli) line: Option<usize>,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            document,
            line,
        } = self;
        f.write_str(if &**file == "-" {
            "standard input"
        } else {
            file
        })?;
        if let Some(line) = line {
            write!(f, ":{line}")?;
        }
        if let Some(document) = document {
            write!(f, ": document {document}")?;
        }
        Ok(())
    }
}

/// A document of the input, or a file that could not be read.
///
/// Its value is not kept: a cluster's dump takes many times its text. It is read again for whoever asks.
#[derive(Debug)]
pub(in crate::cli) struct Manifest {
    /// Its place.
    pub(in crate::cli) location: Location,
    /// The line on which its text starts, blank lines included.
    pub(in crate::cli) start: usize,
    /// True if a separator stands before it, on whose line its text starts.
    pub(in crate::cli) separated: bool,
    /// The places that kubectl takes otherwise than its author may expect.
    pub(in crate::cli) warnings: Vec<Warning>,
    /// Its content, or the reason why it has none.
    pub(in crate::cli) content: Result<Content, ReadError>,
    /// The text of the file, which its documents share.
    pub(super) file: Arc<String>,
    /// Its own part of the text.
    pub(super) part: Range<usize>,
}

/// Something in a manifest that kubectl takes without a word, and not as its author may expect.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{location}: {fault}: {effect}")]
pub(in crate::cli) struct Warning {
    pub(in crate::cli) location: Location,
    /// The text that stands there, in words.
    pub(in crate::cli) fault: String,
    /// The thing that kubectl does with it.
    pub(in crate::cli) effect: &'static str,
}

/// The content of a manifest, without its value.
#[derive(Debug)]
pub(in crate::cli) struct Content {
    /// The kind, as it is written; empty if there is none.
    pub(super) kind: String,
    /// The kind of the items, if it is a list that has some.
    pub(super) list: Option<ListKind>,
    pub(super) syntax: Syntax,
}

/// The reason why a manifest has no value.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum ReadError {
    /// The directory cannot be listed.
    #[error(transparent)]
    Unlisted(#[from] Unlisted),
    /// The path is a URL.
    #[error(
        "berth reads files and no URLs: download it, or pipe it in, as in curl -fsSL URL | berth explain -f -"
    )]
    Url,
    /// The file has no text.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The directory holds no manifest.
    #[error("the directory holds no .yaml, .yml or .json file")]
    Empty,
    /// The document is neither YAML nor JSON.
    #[error(transparent)]
    Syntax(SyntaxError),
}

impl Manifest {
    /// Makes a manifest of an object that comes from no file. `origin` says where it comes from.
    pub(in crate::cli) fn of_object(origin: &str, object: &Value) -> Self {
        let text = object.to_string();
        Self {
            location: Location {
                file: origin.into(),
                document: None,
                line: None,
            },
            start: 1,
            separated: false,
            warnings: Vec::new(),
            content: Ok(Content {
                kind: Identity::of(object).kind.to_owned(),
                list: None,
                syntax: Syntax::Json,
            }),
            part: 0..text.len(),
            file: Arc::new(text),
        }
    }

    /// Returns the text as it was written, without the separator before it; empty for a file that could not be read.
    pub(in crate::cli) fn text(&self) -> &str {
        &self.file[self.part.clone()]
    }

    /// Returns the value; `None` if it cannot be read.
    pub(in crate::cli) fn value(&self) -> Option<Value> {
        let content = self.content.as_ref().ok()?;
        parse::whole(self.text(), content.syntax)
    }

    /// Returns a list without its items; `None` if the manifest is no list.
    pub(in crate::cli) fn list_without_items(&self) -> Option<Value> {
        self.content.as_ref().ok()?.list.as_ref()?;
        let (_, tree) = parse::outline(self.text()).ok()?;
        Some(tree.value)
    }

    /// Hands out the items of a list as they are written, one at a time.
    pub(in crate::cli) fn items(&self, take: &mut dyn FnMut(Value)) {
        if let Ok(content) = &self.content {
            parse::items(self.text(), content.syntax, take);
        }
    }

    /// True if an object of a kind may be in it.
    pub(in crate::cli) fn may_hold(&self, kind: &str) -> bool {
        match &self.content {
            Ok(content) => content.list.is_some() || content.kind == kind,
            Err(_) => false,
        }
    }

    /// Hands out the objects that are in it, and what stands in the place of one. Of a list, one item is in memory at a
    /// time.
    pub(in crate::cli) fn each(&self, take: &mut dyn FnMut(Element<'_>)) {
        let Ok(content) = &self.content else {
            return;
        };
        match &content.list {
            Some(list) => {
                let mut position = 0;
                self.items(&mut |item| {
                    item_elements(&item, list, position)
                        .into_iter()
                        .for_each(&mut *take);
                    position += 1;
                });
            }
            None => {
                if let Some(value) = self.value() {
                    elements(&value).into_iter().for_each(take);
                }
            }
        }
    }
}
