//! The words for the author of a text that is no YAML: the place, the mistake there, and the remedy.

use granit_parser::ErrorKind;

/// Returns a fault in words.
pub(super) fn wording(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::UnclosedFlowCollection { open } => unclosed(*open),
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            format!(
                "the bracket {open} is closed by {close}: close it by {}",
                closing(*open)
            )
        }
        ErrorKind::UnexpectedCharacter { character } if character.is_control() => {
            let code = u32::from(*character);
            format!(
                "a control character stands here, number {code}: remove it, or escape it in double quotes"
            )
        }
        ErrorKind::UnexpectedCharacter { character } => {
            format!("no text begins with {character}: put the text in quotes")
        }
        kind => fixed(kind).to_owned(),
    }
}

fn unclosed(open: char) -> String {
    format!(
        "the bracket {open} is not closed: write {} behind its last item",
        closing(open)
    )
}

fn closing(open: char) -> char {
    if open == '[' { ']' } else { '}' }
}

/// Returns the words for a fault that is always the same.
fn fixed(kind: &ErrorKind) -> &'static str {
    use ErrorKind as Kind;
    match kind {
        Kind::UnexpectedEofFlowSequence
        | Kind::ExpectedFlowSequenceSeparator
        | Kind::UnexpectedEofFlowMapping
        | Kind::UnexpectedEofImplicitFlowMapping
        | Kind::ExpectedFlowMappingSeparator => {
            "between brackets, a comma or the closing bracket follows each item"
        }
        Kind::MisplacedFlowCollectionEnd => {
            "this bracket closes nothing: remove it, or put the text in quotes"
        }
        Kind::TabNotAllowed
        | Kind::TabInBlockIndentation
        | Kind::TabInIndentation
        | Kind::TabInPlainScalar
        | Kind::TabAtBlockScalarStart => "a tab stands here: YAML is indented by spaces alone",
        Kind::UnclosedQuotedScalar | Kind::DocumentIndicatorInQuotedScalar => {
            "a quote is not closed: write it behind the text too"
        }
        Kind::InvalidTrailingSingleQuotedScalar | Kind::InvalidTrailingDoubleQuotedScalar => {
            "something stands behind the closing quote: put all of the text in quotes, or quote the quote"
        }
        Kind::UnknownQuotedScalarEscape
        | Kind::InvalidQuotedScalarHexEscape
        | Kind::InvalidLowSurrogateHexEscape
        | Kind::InvalidLowSurrogate
        | Kind::MissingLowSurrogate
        | Kind::UnpairedLowSurrogate
        | Kind::InvalidUnicodeEscape => {
            "\\ begins an escape in double quotes, and there is none like this: write \\\\, or use single quotes"
        }
        Kind::InvalidIndentation
        | Kind::InvalidQuotedScalarIndent
        | Kind::InvalidFlowScalarIndent
        | Kind::InvalidBlockScalarIndent
        | Kind::BlockSequenceEntryNotAllowed
        | Kind::ExpectedBlockMappingKey
        | Kind::UnexpectedEofBlockMapping
        | Kind::ExpectedBlockSequenceEntry
        | Kind::UnexpectedEofBlockSequence => {
            "the indentation fits nothing above: what belongs together begins in the same column"
        }
        Kind::SimpleKeyExpected | Kind::InvalidSimpleKey => {
            "a key without a colon: write the colon and its value"
        }
        Kind::MappingValueNotAllowed | Kind::MappingKeyNotAllowed | Kind::InvalidColonPlacement => {
            "a key and its colon do not belong here: indent the line as its neighbours, or put the text in quotes"
        }
        Kind::BlockEntryInFlowCollection | Kind::PlainScalarStartsWithDashFlowIndicator => {
            "a dash begins no item between brackets: write commas between the items"
        }
        Kind::InvalidBlockEntryWhitespace | Kind::InvalidMappingValueWhitespace => {
            "a space belongs behind this sign"
        }
        Kind::CommentInterceptedScalar => {
            "a comment stands in the middle of a text: move it above the text"
        }
        Kind::CommentNotSeparated => "a space belongs before a comment",
        Kind::UnknownAnchor => {
            "no anchor of this name stands above: an alias names one, as in &name and *name"
        }
        Kind::MissingAnchorOrAliasName => {
            "& begins an anchor and * an alias: put the text in quotes if it is neither"
        }
        Kind::InvalidBlockScalarHeader | Kind::ZeroBlockScalarIndent => {
            "| or > begins a text on the next line: put the text in quotes if it is on this one"
        }
        Kind::RecursionLimitExceeded => super::limits::TOO_DEEP,
        Kind::ExpectedNodeContent | Kind::UnexpectedEof | Kind::UnexpectedEndOfPlainScalar => {
            "a value is missing here"
        }
        Kind::ExpectedDocumentStart | Kind::InvalidDocumentEnd => {
            "something stands behind the end of the value: write a line of --- before a document"
        }
        Kind::UndeclaredTagHandle
        | Kind::ExpectedTagBang
        | Kind::InvalidGlobalTagCharacter
        | Kind::InvalidTagTerminator
        | Kind::UnclosedVerbatimTag
        | Kind::InvalidTagEscape => {
            "! begins a tag, and there is none like this: put the text in quotes"
        }
        Kind::InvalidDirectiveTerminator
        | Kind::MissingDirectiveName
        | Kind::InvalidDirectiveName
        | Kind::MissingDocumentEndBeforeDirective
        | Kind::DuplicateVersionDirective
        | Kind::UnsupportedYamlMajorVersion => {
            "% begins a directive, and there is none like this: put the text in quotes"
        }
        Kind::BomInsideDocument => "a byte-order mark stands here, which nobody sees: remove it",
        _ => "this is no YAML",
    }
}

#[cfg(test)]
mod tests {
    use crate::encoding::yaml::read;

    /// Each text has one fault. The line and the column are where its author finds it.
    #[test]
    fn a_fault_is_told_in_words_for_its_author() {
        for (text, line, column, part) in [
            (
                "a: [1, 2\nb: 3\n",
                2,
                2,
                "the bracket [ of line 1 is still open",
            ),
            ("a: {b: 1\n", 1, 4, "{ is not closed"),
            ("a: {b: 1,, c: 2}\n", 1, 10, "between brackets"),
            ("a: [1}\n", 1, 4, "closed by }"),
            ("a: ]\n", 1, 4, "closes nothing"),
            ("a:\n\tb: 1\n", 2, 2, "a tab"),
            ("a: \"b\nc: d\n", 1, 4, "quote is not closed"),
            ("a: \"b\" c\n", 1, 8, "behind the closing quote"),
            ("a: \"\\d\"\n", 1, 4, "an escape"),
            ("a: \u{1}\n", 1, 4, "a control character"),
            ("a:\n  b: 1\n c: 2\n", 3, 2, "indentation"),
            ("a: b: c\n", 1, 5, "do not belong here"),
            ("a: @b\n", 1, 4, "begins with @"),
            ("a: *b\n", 1, 4, "no anchor"),
            ("a: - b\n", 1, 4, "indentation"),
            ("a: 1\nb\nc: 2\n", 2, 1, "without a colon"),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(
                (error.line, error.column),
                (line, column),
                "{text:?}: {error}"
            );
            assert!(error.message.contains(part), "{text:?}: {error}");
        }
    }
}
