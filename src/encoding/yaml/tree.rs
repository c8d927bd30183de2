//! The tree of one document, built as the parser reads: one pass, and nothing is held twice.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, StructureStyle, Tag};
use serde_json::Value;

use super::fault::{Repeated, SyntaxError};
use super::fields::{Fields, Key};
use super::limits::{ALIASED_BYTES, COLLECTION_AS_KEY, DEPTH, TOO_DEEP};
use super::scalar;
use super::weight::Weight;
use super::wording::wording;

/// A document that has been read.
#[derive(Debug, Default)]
pub struct Tree {
    /// Its value.
    pub value: Value,
    /// The keys that stand twice in a map, in the order of their second lines.
    pub repeated: Vec<Repeated>,
}

/// Reads a document.
///
/// # Errors
/// Returns the first fault.
pub fn read(text: &str) -> Result<Tree, SyntaxError> {
    build(text, None)
}

/// Reads a document, and hands out the items of one list as they come. In the tree the list is empty.
///
/// `key` is the list's key in the outermost map. If there is none, or no list, this is [`read`].
///
/// # Errors
/// Returns the first fault. Items before it have been handed out.
pub fn read_apart(text: &str, key: &str, take: &mut dyn FnMut(Value)) -> Result<Tree, SyntaxError> {
    build(text, Some(Apart { key, take }))
}

/// A list whose items are handed out.
struct Apart<'f> {
    key: &'f str,
    take: &'f mut dyn FnMut(Value),
}

fn build(text: &str, apart: Option<Apart<'_>>) -> Result<Tree, SyntaxError> {
    let mut builder = Builder {
        open: Vec::new(),
        anchors: HashMap::new(),
        aliased: 0,
        root: None,
        repeated: Vec::new(),
        apart,
    };
    for next in parser(text) {
        let (event, span) = next.map_err(|error| builder.of_scan(&error))?;
        builder.event(event, &span)?;
    }
    Ok(Tree {
        value: builder.root.unwrap_or_default(),
        repeated: builder.repeated,
    })
}

/// Returns the parser's events of a document, without its comments.
pub(super) fn parser(text: &str) -> Parser<'_, StrInput<'_>> {
    let options = granit_parser::options! {
        emit_comments: false,
        bom_inside_document_as_content: true,
        block_scalar_eof_without_line_feed: true,
        flow_nesting_limit: DEPTH,
        block_nesting_limit: DEPTH,
    };
    Parser::new_from_str_with_options(text, options)
}

fn fault(span: &Span, message: impl Into<String>) -> SyntaxError {
    SyntaxError {
        line: span.start.line().max(1),
        column: span.start.col() + 1,
        message: message.into(),
    }
}

/// A collection that has begun and not ended.
struct Open {
    /// The number by which aliases name it; 0 if none can.
    anchor: usize,
    /// Its bracket and the bracket's line, if it has one.
    bracket: Option<(char, usize)>,
    content: Content,
}

enum Content {
    Map(Fields),
    List(Vec<Value>),
    /// A list whose items are handed out.
    Apart,
}

struct Builder<'f> {
    open: Vec<Open>,
    /// The values that have an anchor.
    anchors: HashMap<usize, Value>,
    /// The bytes that have been copied for anchors and aliases.
    aliased: usize,
    root: Option<Value>,
    repeated: Vec<Repeated>,
    apart: Option<Apart<'f>>,
}

impl Builder<'_> {
    /// Returns the parser's fault. Behind a bracket that is not closed everything looks wrong, so that is said too.
    fn of_scan(&self, error: &ScanError) -> SyntaxError {
        let place = error.marker();
        let mut message = wording(error.kind());
        if let Some(Open {
            bracket: Some((bracket, line)),
            ..
        }) = self.open.last()
            && *line < place.line()
        {
            message = format!("{message}; the bracket {bracket} of line {line} is still open");
        }
        SyntaxError {
            line: place.line().max(1),
            column: place.col() + 1,
            message,
        }
    }

    fn event(&mut self, event: Event<'_>, span: &Span) -> Result<(), SyntaxError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_plain = style == ScalarStyle::Plain;
                if is_plain && tag.is_none() && text == "<<" && self.begin_merge() {
                    return Ok(());
                }
                let value = match tag {
                    Some(tag) => scalar::tagged(own_name(&tag).as_deref(), &text),
                    None if is_plain => scalar::plain(&text),
                    None => Ok(Value::String(text.into_owned())),
                };
                let value = value.map_err(|message| fault(span, message))?;
                self.close(value, anchor, span)
            }
            Event::SequenceStart(style, anchor, _) => {
                let content = if self.is_apart() {
                    Content::Apart
                } else {
                    Content::List(Vec::new())
                };
                let bracket = bracket('[', style, span);
                self.begin(
                    Open {
                        anchor,
                        bracket,
                        content,
                    },
                    span,
                )
            }
            Event::MappingStart(style, anchor, _) => {
                let bracket = bracket('{', style, span);
                let content = Content::Map(Fields::default());
                self.begin(
                    Open {
                        anchor,
                        bracket,
                        content,
                    },
                    span,
                )
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open {
                    anchor, content, ..
                }) => self.close(content.into_value(), anchor, span),
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let value = self.alias(anchor, span)?;
                self.close(value, 0, span)
            }
            Event::DocumentStart(..) if self.root.is_some() => Err(fault(
                span,
                "a second document begins here: write a line of --- before it",
            )),
            _ => Ok(()),
        }
    }

    /// True if the list that begins is to be handed out.
    fn is_apart(&self) -> bool {
        match (&self.apart, self.open.as_slice()) {
            (
                Some(apart),
                [
                    Open {
                        content: Content::Map(fields),
                        ..
                    },
                ],
            ) => {
                matches!(&fields.key, Some(Key::Text(key, _)) if key == apart.key)
            }
            _ => false,
        }
    }

    fn begin(&mut self, open: Open, span: &Span) -> Result<(), SyntaxError> {
        if matches!(self.open.last(), Some(Open { content: Content::Map(fields), .. }) if fields.key.is_none())
        {
            return Err(fault(span, COLLECTION_AS_KEY));
        }
        if self.open.len() == DEPTH {
            return Err(fault(span, TOO_DEEP));
        }
        self.open.push(open);
        Ok(())
    }

    /// Takes `<<` for a merge if it is a key.
    fn begin_merge(&mut self) -> bool {
        match self.open.last_mut() {
            Some(Open {
                content: Content::Map(fields),
                ..
            }) if fields.key.is_none() => {
                fields.key = Some(Key::Merge);
                true
            }
            _ => false,
        }
    }

    /// Returns a copy of what an alias stands for.
    fn alias(&mut self, anchor: usize, span: &Span) -> Result<Value, SyntaxError> {
        let Some(value) = self.anchors.get(&anchor) else {
            return Err(fault(
                span,
                "this alias stands inside of what it stands for: write the value out",
            ));
        };
        let copy = value.clone();
        self.weigh(&copy, span)?;
        Ok(copy)
    }

    /// Counts a copy of a value.
    fn weigh(&mut self, copy: &Value, span: &Span) -> Result<(), SyntaxError> {
        let mut weight = Weight {
            left: ALIASED_BYTES - self.aliased,
            levels: DEPTH - self.open.len(),
        };
        let weighed = weight.add(copy, 0);
        self.aliased = ALIASED_BYTES - weight.left;
        weighed.map_err(|message| fault(span, message))
    }

    /// Puts a value that is whole into its place.
    fn close(&mut self, value: Value, anchor: usize, span: &Span) -> Result<(), SyntaxError> {
        if anchor != 0 {
            self.weigh(&value, span)?;
            self.anchors.insert(anchor, value.clone());
        }
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(value),
            Some(Content::List(items)) => items.push(value),
            Some(Content::Apart) => {
                if let Some(apart) = &mut self.apart {
                    (apart.take)(value);
                }
            }
            Some(Content::Map(fields)) => {
                let put = fields.put(value, span.start.line());
                let repeated = put.map_err(|message| fault(span, message))?;
                self.repeated.extend(repeated);
            }
        }
        Ok(())
    }
}

impl Content {
    fn into_value(self) -> Value {
        match self {
            Self::Map(fields) => Value::Object(fields.map),
            Self::List(items) => Value::Array(items),
            Self::Apart => Value::Array(Vec::new()),
        }
    }
}

fn bracket(bracket: char, style: StructureStyle, span: &Span) -> Option<(char, usize)> {
    (style == StructureStyle::Flow).then(|| (bracket, span.start.line()))
}

/// Returns the name of one of YAML's own tags.
fn own_name(tag: &Tag) -> Option<String> {
    let name = tag.suffix_in_namespace("tag:yaml.org,2002:")?;
    Some(name.into_owned())
}
