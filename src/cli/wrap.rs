//! Texts broken into lines.

/// The marks behind which a word may be broken that is longer than a line.
const JOINTS: [char; 7] = ['/', '.', '-', '_', ':', ',', ']'];

/// Breaks a text into lines of at most so many columns, between words if it can. Nothing is lost but the spaces at the
/// breaks. Without a width there is one line.
pub(super) fn wrap(text: &str, columns: Option<usize>) -> Vec<String> {
    let Some(columns) = columns else {
        return vec![text.to_owned()];
    };
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        place(word, columns.max(1), &mut lines);
    }
    let trimmed = lines.iter().map(|line| line.trim_end_matches(' '));
    trimmed.map(str::to_owned).collect()
}

/// Returns the width of a text in columns.
pub(super) fn width(text: &str) -> usize {
    text.chars().count()
}

/// Returns the parts of a text between which it may be broken if its words are longer than a line.
pub(super) fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(JOINTS)
}

/// Adds a word to the last line, or to new ones.
fn place(word: &str, columns: usize, lines: &mut Vec<String>) {
    let mut word = word;
    let line = lines.last_mut();
    if let Some(line) = line {
        let taken = width(line);
        if taken == 0 && fits(word, columns) {
            line.push_str(word);
            return;
        }
        if taken > 0 && taken < columns && fits(word, columns - taken - 1) {
            line.extend([" ", word]);
            return;
        }
        if taken == 0 {
            let (start, rest) = word.split_at(joint(word, columns));
            line.push_str(start);
            word = rest;
        }
    }
    while !fits(word, columns) {
        let (start, rest) = word.split_at(joint(word, columns));
        lines.push(start.to_owned());
        word = rest;
    }
    lines.push(word.to_owned());
}

/// True if a word takes at most so many columns. It looks no further, since a word of a hostile manifest may be long.
fn fits(word: &str, columns: usize) -> bool {
    word.chars().nth(columns).is_none()
}

/// Returns the byte at which a word is broken that is longer than a line: behind the last mark in its last two thirds, or else
/// where the line ends.
fn joint(word: &str, columns: usize) -> usize {
    let end = word.char_indices().nth(columns);
    let end = end.map_or(word.len(), |(end, _)| end);
    let joint = word[..end].rfind(JOINTS).map(|joint| joint + 1);
    joint.filter(|joint| *joint > end / 3).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{width, wrap};

    #[test]
    fn lines_break_between_words_and_behind_marks() {
        let cases = [
            ("", 5, &[""][..]),
            ("one two three", 7, &["one two", "three"]),
            ("one two three", 40, &["one two three"]),
            (
                "a spec.template.metadata",
                12,
                &["a", "spec.", "template.", "metadata"],
            ),
            ("Deployment/web", 12, &["Deployment/", "web"]),
            ("abcdefgh", 3, &["abc", "def", "gh"]),
            ("grün grün", 4, &["grün", "grün"]),
        ];
        for (text, columns, lines) in cases {
            assert_eq!(wrap(text, Some(columns)), lines, "{text}");
        }
        assert_eq!(wrap("one two", None), ["one two"]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_too_long(text in "[a-zé./ -]{0,60}", columns in 1_usize..30) {
            let lines = wrap(&text, Some(columns));
            let kept = |text: &str| text.replace(' ', "");
            prop_assert_eq!(kept(&lines.concat()), kept(&text));
            for line in lines {
                prop_assert!(width(&line) <= columns, "{}", line);
            }
        }
    }
}
