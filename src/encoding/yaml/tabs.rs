//! Tabs between brackets, which kubectl reads as spaces.

use granit_parser::{ErrorKind, Event, StructureStyle};

use super::tree::parser;

/// The most times that a text is read anew. Each time takes away the tabs of all lines that begin with one.
const READINGS: usize = 100;

/// Returns a text with a space for each tab that indents a line between brackets. `None` if no such tab is in its way.
#[must_use]
pub fn with_spaces_for_tabs(text: &str) -> Option<String> {
    let mut spaced: Option<String> = None;
    for _ in 0..READINGS {
        let current = spaced.as_deref().unwrap_or(text);
        let Some(line) = tabbed_line(current) else {
            break;
        };
        spaced = Some(without_tabs(current, line));
    }
    spaced
}

/// Returns the line between brackets, from 1, whose tab the parser does not read.
fn tabbed_line(text: &str) -> Option<usize> {
    let mut brackets = Vec::new();
    for next in parser(text) {
        match next {
            Ok((Event::SequenceStart(style, ..) | Event::MappingStart(style, ..), _)) => {
                brackets.push(style == StructureStyle::Flow);
            }
            Ok((Event::SequenceEnd | Event::MappingEnd, _)) => {
                brackets.pop();
            }
            Ok(_) => {}
            Err(error) => {
                let is_tab = matches!(
                    error.kind(),
                    ErrorKind::TabNotAllowed
                        | ErrorKind::TabInIndentation
                        | ErrorKind::TabInBlockIndentation
                        | ErrorKind::TabInPlainScalar
                );
                let is_between_brackets = brackets.last() == Some(&true);
                return (is_tab && is_between_brackets).then(|| error.marker().line());
            }
        }
    }
    None
}

/// Replaces the tabs that indent a line, and those of the lines below as long as they begin with a tab.
fn without_tabs(text: &str, line: usize) -> String {
    let mut spaced = String::with_capacity(text.len());
    let mut goes_on = true;
    for (number, current) in (1..).zip(text.split_inclusive('\n')) {
        goes_on &= number <= line || current.starts_with('\t');
        if number < line || !goes_on {
            spaced.push_str(current);
            continue;
        }
        let content = current.trim_start_matches([' ', '\t']);
        spaced.extend(std::iter::repeat_n(' ', current.len() - content.len()));
        spaced.push_str(content);
    }
    spaced
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::with_spaces_for_tabs;
    use crate::encoding::yaml::read;

    #[test]
    fn tabs_between_brackets_are_spaces() {
        let text = "a: {\n\tb: [\n\t\t1,\n\n\t\t2\n\t],\n  \tc: \"\tx\"\n}\nd: |\n  \ttext\n";
        assert!(read(text).is_err());
        let spaced = with_spaces_for_tabs(text).unwrap();
        let expected = json!({ "a": { "b": [1, 2], "c": "\tx" }, "d": "\ttext\n" });
        assert_eq!(read(&spaced).unwrap().value, expected);
    }

    #[test]
    fn other_tabs_are_left_alone() {
        for text in ["a:\n\tb: 1\n", "a: 1\n", "a: [\n"] {
            assert_eq!(with_spaces_for_tabs(text), None, "{text:?}");
        }
    }
}
