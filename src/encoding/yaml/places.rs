//! The places of a document's values in its text, for whoever changes one value and leaves the rest as it is.

use std::ops::Range;

use granit_parser::{Event, Span, StructureStyle};

use super::tree::parser;

/// The place of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The part of the text, in bytes. It is empty for a value that is left out, as behind `a:`.
    pub part: Range<usize>,
    /// The shape of the value.
    pub shape: Shape,
}

/// The shape of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// A map.
    Map {
        /// True if it stands in braces.
        in_brackets: bool,
        /// Its entries.
        entries: Vec<Entry>,
    },
    /// A list.
    List {
        /// True if it stands in brackets.
        in_brackets: bool,
        /// The places of its items.
        items: Vec<Place>,
    },
    /// Anything else: a scalar or an alias.
    Other,
}

/// The place of an entry of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key, as it is read.
    pub key: String,
    /// The part of the text that is the key, in bytes.
    pub key_part: Range<usize>,
    /// The place of the value.
    pub value: Place,
}

/// Returns the place of a document's value; `None` if it has none or is no YAML.
#[must_use]
pub fn place_of(text: &str) -> Option<Place> {
    let mut builder = Builder {
        text,
        open: Vec::new(),
        root: None,
    };
    for next in parser(text) {
        let (event, span) = next.ok()?;
        builder.event(&event, &span)?;
    }
    builder.root
}

/// A collection that has begun and not ended.
struct Open {
    start: usize,
    in_brackets: bool,
    content: Content,
}

enum Content {
    Map {
        entries: Vec<Entry>,
        key: Option<(String, Range<usize>)>,
    },
    List(Vec<Place>),
}

struct Builder<'t> {
    text: &'t str,
    open: Vec<Open>,
    root: Option<Place>,
}

impl Builder<'_> {
    fn event(&mut self, event: &Event<'_>, span: &Span) -> Option<()> {
        let part = span.byte_range()?;
        match event {
            Event::Scalar(text, ..) => {
                if let Some(Open {
                    content:
                        Content::Map {
                            key: key @ None, ..
                        },
                    ..
                }) = self.open.last_mut()
                {
                    *key = Some((text.to_string(), part));
                } else {
                    self.close(part, Shape::Other);
                }
            }
            Event::Alias(_) => self.close(part, Shape::Other),
            Event::SequenceStart(style, ..) => {
                self.begin(part.start, *style, Content::List(Vec::new()));
            }
            Event::MappingStart(style, ..) => {
                let (entries, key) = (Vec::new(), None);
                self.begin(part.start, *style, Content::Map { entries, key });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Open {
                    start,
                    in_brackets,
                    content,
                } = self.open.pop()?;
                let shape = content.shape(in_brackets);
                // A block ends with its last value: the parser's end is that of the blank lines and comments behind it.
                let end = if in_brackets {
                    part.end
                } else {
                    end_of(&shape).unwrap_or(start)
                };
                self.close(start..end, shape);
            }
            _ => {}
        }
        Some(())
    }

    fn begin(&mut self, start: usize, style: StructureStyle, content: Content) {
        self.open.push(Open {
            start,
            in_brackets: style == StructureStyle::Flow,
            content,
        });
    }

    /// Puts a value that is whole into its place.
    fn close(&mut self, part: Range<usize>, shape: Shape) {
        let written = self.text.get(part.clone()).unwrap_or_default().trim_end();
        let end = part.start + written.len();
        let mut value = Place {
            part: part.start..end,
            shape,
        };
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(value),
            Some(Content::List(items)) => items.push(value),
            Some(Content::Map { entries, key }) => {
                let Some((key, key_part)) = key.take() else {
                    return;
                };
                if written.is_empty() {
                    value.part = key_part.end..key_part.end;
                }
                entries.push(Entry {
                    key,
                    key_part,
                    value,
                });
            }
        }
    }
}

impl Content {
    fn shape(self, in_brackets: bool) -> Shape {
        match self {
            Self::Map { entries, .. } => Shape::Map {
                in_brackets,
                entries,
            },
            Self::List(items) => Shape::List { in_brackets, items },
        }
    }
}

/// Returns the end of the last value of a collection.
fn end_of(shape: &Shape) -> Option<usize> {
    match shape {
        Shape::Map { entries, .. } => entries.last().map(|entry| entry.value.part.end),
        Shape::List { items, .. } => items.last().map(|item| item.part.end),
        Shape::Other => None,
    }
}
