//! The sections of the page on lints. The program holds them, so that a code review can show them.

use crate::lint::Lint;

const PAGE: &str = include_str!("../../../docs/lint.md");

/// Returns the first paragraphs of a lint's section, up to its example.
pub(super) fn section(lint: Lint) -> &'static str {
    let heading = format!("\n## `{lint}`\n");
    let section = PAGE.split_once(&heading).map_or("", |(_, rest)| rest);
    let end = ["\n## ", "\n```"]
        .iter()
        .filter_map(|end| section.find(end));
    section[..end.min().unwrap_or(section.len())].trim()
}

#[cfg(test)]
mod tests {
    use super::section;
    use crate::lint::Lint;

    #[test]
    fn each_lint_has_a_section() {
        for lint in Lint::ALL {
            let section = section(*lint);
            assert!(
                section.ends_with('.') && section.len() > 60,
                "{lint}: {section}"
            );
        }
    }
}
