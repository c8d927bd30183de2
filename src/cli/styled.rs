//! Coloured texts broken into lines.

use std::fmt::Write as _;

use anstyle::Style;

use super::wrap::{width, wrap};

/// A text of one colour.
pub(super) type Span = (String, Style);

/// A line of coloured text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// The text, with the escapes of its colours.
    pub(super) text: String,
    /// The columns that it takes.
    pub(super) columns: usize,
}

/// Breaks texts, one behind the other with a space between, into lines of at most so many columns.
pub(super) fn lines(spans: &[Span], columns: Option<usize>) -> Vec<Line> {
    let texts: Vec<&str> = spans.iter().map(|(text, _)| text.as_str()).collect();
    let mut styles = spans.iter().flat_map(|(text, style)| {
        let marks = text.chars().filter(|char| *char != ' ');
        marks.map(|_| *style)
    });
    let lines = wrap(&texts.join(" "), columns).into_iter();
    lines
        .map(|line| Line {
            columns: width(&line),
            text: coloured(&line, &mut styles),
        })
        .collect()
}

/// Returns a text in which each mark but a space has the next style.
fn coloured(line: &str, styles: &mut impl Iterator<Item = Style>) -> String {
    let (mut text, mut open, mut spaces) = (String::new(), Style::new(), 0);
    for char in line.chars() {
        if char == ' ' {
            spaces += 1;
            continue;
        }
        let style = styles.next().unwrap_or_default();
        let blank = " ".repeat(std::mem::take(&mut spaces));
        // A `String` takes all that is written.
        let _ = if style == open {
            write!(text, "{blank}{char}")
        } else {
            write!(text, "{open:#}{blank}{style}{char}")
        };
        open = style;
    }
    let _ = write!(text, "{open:#}{}", " ".repeat(spaces));
    text
}

#[cfg(test)]
mod tests {
    use anstyle::{AnsiColor, Style};

    use super::lines;

    #[test]
    fn a_colour_ends_with_its_line_and_begins_anew() {
        let red = AnsiColor::Red.on_default();
        let spans = [
            ("one two".to_owned(), red),
            ("three".to_owned(), Style::new()),
        ];
        let found: Vec<_> = lines(&spans, Some(5))
            .into_iter()
            .map(|line| (line.text, line.columns))
            .collect();
        let coloured = |text| format!("{red}{text}{red:#}");
        let expected = [
            (coloured("one"), 3),
            (coloured("two"), 3),
            ("three".to_owned(), 5),
        ];
        assert_eq!(found, expected);
        let whole = lines(&spans, None).remove(0).text;
        assert_eq!(whole, format!("{red}one two{red:#} three"));
    }
}
