//! Texts of the cluster as texts of the page. A name can be anything that somebody wrote, and must never become markup.

use std::fmt::{self, Display, Write as _};

/// The most characters of one text that the page shows.
const LONGEST: usize = 1_000;

/// A text that stands on the page as it is written, between tags or in a quoted attribute.
///
/// Control characters show as `U+FFFD`, and so do those that turn the direction of what stands behind them. A long text is
/// cut, and ends with `…`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'t>(pub(super) &'t str);

impl Display for Text<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, char) in self.0.chars().enumerate() {
            if position == LONGEST {
                return out.write_char('…');
            }
            match char {
                '&' => out.write_str("&amp;")?,
                '<' => out.write_str("&lt;")?,
                '>' => out.write_str("&gt;")?,
                '"' => out.write_str("&quot;")?,
                '\'' => out.write_str("&#39;")?,
                char if is_invisible(char) => out.write_char('\u{fffd}')?,
                char => out.write_char(char)?,
            }
        }
        Ok(())
    }
}

/// True for what controls a text and is none of it: control characters, separators of lines, marks of direction.
fn is_invisible(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, Text};

    #[test]
    fn no_text_becomes_markup() {
        let shown = Text("<b a=\"1\" b='2'>&amp;</b>").to_string();
        let expected = "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;amp;&lt;/b&gt;";
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_is_invisible_is_shown() {
        assert_eq!(Text("a\u{0}\u{1b}\u{202e}\u{2028}é").to_string(), "a����é");
    }

    #[test]
    fn a_long_text_is_cut() {
        let long = "é".repeat(LONGEST);
        assert_eq!(Text(&long).to_string(), long);
        let cut = Text(&(long.clone() + "é")).to_string();
        assert_eq!(cut, long + "…");
    }
}
