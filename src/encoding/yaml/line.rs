//! The line of a field.

use granit_parser::Event;

use super::tree::parser;
use crate::encoding::field::{FieldPath, Segment};

/// Returns the line of a document on which the value of a field stands, from 1; `None` if it cannot be found, as behind
/// an alias.
#[must_use]
pub fn line_of(text: &str, path: &FieldPath) -> Option<usize> {
    let mut seek = Seek {
        path: &path.0,
        open: Vec::new(),
        matched: 0,
    };
    for next in parser(text) {
        let (event, span) = next.ok()?;
        if seek.event(&event) {
            return Some(span.start.line());
        }
    }
    None
}

/// A walk along a path.
struct Seek<'p> {
    path: &'p [Segment],
    /// The collections that are open.
    open: Vec<Open>,
    /// The number of open collections that lie on the path.
    matched: usize,
}

/// An open collection, and the place in it that comes next.
enum Open {
    Map { key: Option<String> },
    List { next: usize },
}

impl Seek<'_> {
    /// Takes an event. Returns true if it begins the value at the end of the path.
    fn event(&mut self, event: &Event<'_>) -> bool {
        match event {
            Event::Scalar(text, ..) => {
                if let Some(Open::Map { key: key @ None }) = self.open.last_mut() {
                    *key = Some(text.to_string());
                    return false;
                }
                self.value()
            }
            Event::Alias(_) => self.value(),
            Event::SequenceStart(..) => self.begin(Open::List { next: 0 }),
            Event::MappingStart(..) => self.begin(Open::Map { key: None }),
            Event::SequenceEnd | Event::MappingEnd => {
                self.open.pop();
                self.matched = self.matched.min(self.open.len());
                self.advance();
                false
            }
            _ => false,
        }
    }

    fn begin(&mut self, open: Open) -> bool {
        if self.is_found() {
            return true;
        }
        if self.is_on_path() {
            self.matched += 1;
        }
        self.open.push(open);
        false
    }

    /// Takes a value that is no collection.
    fn value(&mut self) -> bool {
        let is_found = self.is_found();
        self.advance();
        is_found
    }

    /// True if the next value is the one at the end of the path.
    fn is_found(&self) -> bool {
        self.open.len() == self.path.len() && self.is_on_path()
    }

    /// True if the next value lies on the path.
    fn is_on_path(&self) -> bool {
        let Some(innermost) = self.open.last() else {
            return true;
        };
        let is_open_on_path = self.matched == self.open.len();
        is_open_on_path
            && match (self.path.get(self.open.len() - 1), innermost) {
                (Some(Segment::Key(wanted) | Segment::Entry(wanted)), Open::Map { key }) => {
                    key.as_ref() == Some(wanted)
                }
                (Some(Segment::Index(wanted)), Open::List { next }) => wanted == next,
                _ => false,
            }
    }

    /// Goes on to the next place of the innermost collection.
    fn advance(&mut self) {
        match self.open.last_mut() {
            Some(Open::Map { key }) => *key = None,
            Some(Open::List { next }) => *next += 1,
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::line_of;
    use crate::encoding::field::{FieldPath, Segment};

    #[test]
    fn fields_are_found() {
        let path = FieldPath(vec![
            Segment::Key("a".to_owned()),
            Segment::Index(1),
            Segment::Key("b".to_owned()),
        ]);
        for (text, line) in [
            ("x: 1\na:\n- b: 1\n- c: 1\n  b: 2\n", Some(5)),
            (
                "x: {a: [0, {b: 1}]}\na: [{b: {b: 1}},\n  {x: {b: 1},\n   b: 1}]\n",
                Some(4),
            ),
            ("{\"a\": [{}, {\n\"b\": 1}]}", Some(2)),
            ("a: [{}, &x {c: 1}]\n", None),
            ("x: 1\n", None),
        ] {
            assert_eq!(line_of(text, &path), line, "{text}");
        }
        assert_eq!(line_of("\n\n a: 1", &FieldPath::default()), Some(3));
    }
}
