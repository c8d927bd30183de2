//! The documents of a stream, which end at a line of `---` or `...`.

/// A document of a YAML stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Document<'t> {
    /// The text, without the mark before it.
    pub text: &'t str,
    /// The place in the stream where the text starts, in bytes.
    pub start: usize,
    /// The line of the stream on which the text starts, from 1.
    pub line: usize,
    /// The mark before it.
    pub mark: Mark,
}

/// The mark before a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// None: it is the first.
    None,
    /// `---`, on whose line the text starts.
    Start,
    /// `...`, which ends the document before. kubectl reads nothing between this mark and the next `---`.
    End,
}

/// Splits a stream into its documents. It skips documents that hold only comments and directives.
pub fn documents(stream: &str) -> impl Iterator<Item = Document<'_>> {
    let mut rest = Some((stream, 1, Mark::None));
    std::iter::from_fn(move || {
        let (text, line, mark) = rest.take()?;
        let mut length = 0;
        for (index, candidate) in text.split_inclusive('\n').enumerate() {
            if is_mark(candidate, "---") {
                rest = Some((&text[length + 3..], line + index, Mark::Start));
                break;
            }
            if is_mark(candidate, "...") {
                let after = &text[length + candidate.len()..];
                rest = Some((after, line + index + 1, Mark::End));
                break;
            }
            length += candidate.len();
        }
        Some(Document {
            text: &text[..length],
            start: stream.len() - text.len(),
            line,
            mark,
        })
    })
    .filter(|document| {
        let mut lines = document.text.lines().map(str::trim_start);
        lines.any(|line| !line.is_empty() && !line.starts_with(['#', '%']))
    })
}

fn is_mark(line: &str, mark: &str) -> bool {
    let after = line.strip_prefix(mark);
    after.is_some_and(|after| after.is_empty() || after.starts_with(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use super::{Mark, documents};

    #[test]
    fn streams_split_where_kubectl_splits_them() {
        let stream = "# only a comment\n---\na: 1\n--- # next\nb: |\n  ---x\n---\n\n---\nc: 3\n";
        let found: Vec<_> = documents(stream)
            .map(|document| (document.line, document.text))
            .collect();
        let expected = [
            (2, "\na: 1\n"),
            (4, " # next\nb: |\n  ---x\n"),
            (9, "\nc: 3\n"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_document_ends_at_its_end_mark_too() {
        let stream = "%YAML 1.1\n---\na: 1\n... # over\n# comment\nb: |\n  ...\n...\n...x\n";
        let found: Vec<_> = documents(stream)
            .map(|document| (document.line, document.mark, document.text))
            .collect();
        let expected = [
            (2, Mark::Start, "\na: 1\n"),
            (5, Mark::End, "# comment\nb: |\n  ...\n"),
            (9, Mark::End, "...x\n"),
        ];
        assert_eq!(found, expected);
    }
}
