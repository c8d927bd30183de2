//! The output of a command as a page has it, where `...` stands for what differs from run to run: in a line for any text, alone
//! on a line for any lines.

const ANY: &str = "...";

/// True if a text is what a pattern says.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<&str> = pattern.lines().collect();
    let text: Vec<&str> = text.lines().collect();
    lines_match(&pattern, &text)
}

fn lines_match(pattern: &[&str], text: &[&str]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((&ANY, rest)) => (0..=text.len()).any(|skipped| lines_match(rest, &text[skipped..])),
        Some((first, rest)) => text
            .split_first()
            .is_some_and(|(line, text)| line_matches(first, line) && lines_match(rest, text)),
    }
}

fn line_matches(pattern: &str, line: &str) -> bool {
    let Some((begin, rest)) = pattern.split_once(ANY) else {
        return pattern == line;
    };
    let Some(line) = line.strip_prefix(begin) else {
        return false;
    };
    let ends = line.char_indices().map(|(at, _)| at).chain([line.len()]);
    let mut ends = ends.map(|at| &line[at..]);
    ends.any(|end| line_matches(rest, end))
}
