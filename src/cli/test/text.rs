//! The report for a person: each case that does not hold, with what is expected and what is found, and a summary.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::results::{CaseResult, FileResult, Results, Verdict};
use crate::cases::{Difference, Misread};
use crate::cli::output::{clean, yaml};
use crate::cli::styled::{Span, lines};
use crate::cli::terminal::Screen;
use crate::encoding::wording::counted;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();

/// Writes the report for a screen.
pub(super) fn write(results: &Results, screen: Screen, out: &mut impl Write) -> io::Result<()> {
    for file in &results.files {
        for misread in &file.misread {
            unreadable(file, misread, screen, out)?;
        }
        for case in &file.cases {
            self::case(file, case, screen, out)?;
        }
    }
    summary(results, screen, out)
}

fn unreadable(
    file: &FileResult,
    misread: &Misread,
    screen: Screen,
    out: &mut impl Write,
) -> io::Result<()> {
    let place = match misread.line {
        0 => file.name.clone(),
        line => format!("{}:{line}", file.name),
    };
    let spans = [
        ("UNREADABLE".to_owned(), RED),
        (clean(place) + ":", BOLD),
        (clean(&misread.error), Style::new()),
    ];
    paragraph(&spans, screen, out)?;
    writeln!(out)
}

fn case(
    file: &FileResult,
    case: &CaseResult,
    screen: Screen,
    out: &mut impl Write,
) -> io::Result<()> {
    let (word, style) = match &case.verdict {
        Verdict::Passed => return Ok(()),
        Verdict::Failed(_) | Verdict::Empty => ("FAILED", RED),
        Verdict::Updated => ("UPDATED", YELLOW),
    };
    let spans = [
        (word.to_owned(), style),
        (clean(&case.case.name), BOLD),
        (clean(format!(" {}:{}", file.name, case.line)), DIM),
    ];
    paragraph(&spans, screen, out)?;
    match &case.verdict {
        Verdict::Failed(differences) => {
            for difference in differences {
                self::difference(difference, out)?;
            }
            writeln!(out)
        }
        Verdict::Empty => {
            writeln!(out, "  It expects nothing. --update writes what is found:")?;
            let found = yaml(&case.outcome.expectation(case.strictness))?;
            for line in found.lines() {
                writeln!(out, "    {GREEN}+ {}{GREEN:#}", clean(line))?;
            }
            writeln!(out)
        }
        Verdict::Passed | Verdict::Updated => Ok(()),
    }
}

/// Writes a field, and its lines: `-` for what is expected, `+` for what is found.
fn difference(difference: &Difference, out: &mut impl Write) -> io::Result<()> {
    let Difference {
        path,
        expected,
        found,
    } = difference;
    writeln!(out, "  {}", clean(path))?;
    let (expected, found) = (written(expected)?, written(found)?);
    for change in TextDiff::from_lines(&expected, &found).iter_all_changes() {
        let (mark, style) = match change.tag() {
            ChangeTag::Delete => ('-', RED),
            ChangeTag::Insert => ('+', GREEN),
            ChangeTag::Equal => (' ', Style::new()),
        };
        let line = clean(change.value().trim_end_matches('\n'));
        writeln!(out, "    {style}{mark} {line}{style:#}")?;
    }
    Ok(())
}

/// Returns a value as YAML.
fn written(value: &Value) -> io::Result<String> {
    match value {
        Value::Null => Ok("(nothing)\n".to_owned()),
        Value::Array(items) if items.is_empty() => Ok("(nothing)\n".to_owned()),
        Value::String(text) => Ok(format!("{text}\n")),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let items = items.iter().filter_map(Value::as_str);
            Ok(items.flat_map(|item| [item, "\n"]).collect())
        }
        other => yaml(other).map(|text| format!("{}\n", text.trim_end())),
    }
}

fn summary(results: &Results, screen: Screen, out: &mut impl Write) -> io::Result<()> {
    let (failed, unreadable) = (results.failed(), results.unreadable());
    let parts = [
        (results.passed(), "passed"),
        (failed, "failed"),
        (results.updated(), "updated"),
        (unreadable, "unreadable"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let style = if failed + unreadable > 0 { RED } else { GREEN };
    let cases = counted(results.cases().count(), "case");
    let files = counted(results.files.len(), "file");
    let spans = [(format!("{cases} in {files}: {}", parts.join(", ")), style)];
    paragraph(&spans, screen, out)?;
    if failed > 0 {
        let hint = "- is expected, + is found. To accept what is found, add --update.";
        paragraph(&[(hint.to_owned(), DIM)], screen, out)?;
    }
    Ok(())
}

fn paragraph(spans: &[Span], screen: Screen, out: &mut impl Write) -> io::Result<()> {
    for (position, line) in lines(spans, screen.columns.map(|columns| columns - 2))
        .iter()
        .enumerate()
    {
        let indent = if position == 0 { "" } else { "  " };
        writeln!(out, "{indent}{}", line.text)?;
    }
    Ok(())
}
