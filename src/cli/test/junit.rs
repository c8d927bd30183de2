//! The report for a pipeline: the XML of `JUnit`, as GitLab and the test reporters of GitHub Actions read it.

use std::io::{self, Write};
use std::time::Duration;

use super::results::{CaseResult, FileResult, Results, Verdict};

/// Writes the report: a suite for each file.
pub(super) fn write(results: &Results, out: &mut impl Write) -> io::Result<()> {
    let took: Duration = results.cases().map(|case| case.took).sum();
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(
        out,
        r#"<testsuites name="berth test" tests="{}" failures="{}" errors="{}" time="{}">"#,
        results.cases().count() + results.unreadable(),
        results.failed(),
        results.unreadable(),
        seconds(took)
    )?;
    for file in &results.files {
        suite(file, out)?;
    }
    writeln!(out, "</testsuites>")
}

fn suite(file: &FileResult, out: &mut impl Write) -> io::Result<()> {
    let name = escaped(&file.name);
    let failed = file.cases.iter().filter(|case| case.has_failed()).count();
    let took: Duration = file.cases.iter().map(|case| case.took).sum();
    let (errors, took) = (file.misread.len(), seconds(took));
    let tests = file.cases.len() + errors;
    writeln!(
        out,
        r#"  <testsuite name="{name}" tests="{tests}" failures="{failed}" errors="{errors}" skipped="0" time="{took}">"#
    )?;
    for misread in &file.misread {
        let message = escaped(&misread.error.to_string());
        let line = misread.line.max(1);
        writeln!(
            out,
            r#"    <testcase name="line {line} can be read" classname="{name}" file="{name}" line="{line}" time="0.000">"#
        )?;
        writeln!(
            out,
            r#"      <error message="{message}" type="unreadable">{name}:{line}: {message}</error>"#
        )?;
        writeln!(out, "    </testcase>")?;
    }
    for case in &file.cases {
        self::case(&name, case, out)?;
    }
    writeln!(out, "  </testsuite>")
}

fn case(file: &str, result: &CaseResult, out: &mut impl Write) -> io::Result<()> {
    let (name, line, took) = (
        escaped(&result.case.name),
        result.line,
        seconds(result.took),
    );
    write!(
        out,
        r#"    <testcase name="{name}" classname="{file}" file="{file}" line="{line}" time="{took}""#
    )?;
    let (fields, lines) = match &result.verdict {
        Verdict::Passed | Verdict::Updated => return writeln!(out, "/>"),
        Verdict::Empty => {
            let found = result.outcome.expectation(result.strictness);
            let line = format!("expect: expected nothing, found {found}");
            (
                "it expects nothing: berth test --update writes what is found".to_owned(),
                vec![line],
            )
        }
        Verdict::Failed(differences) => {
            let fields: Vec<String> = differences
                .iter()
                .map(|found| found.path.to_string())
                .collect();
            let lines = differences.iter().map(|found| {
                format!(
                    "{}: expected {}, found {}",
                    found.path, found.expected, found.found
                )
            });
            (
                format!("found otherwise: {}", fields.join(", ")),
                lines.collect(),
            )
        }
    };
    writeln!(out, ">")?;
    let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
    writeln!(
        out,
        r#"      <failure message="{}" type="expectation">{file}:{line}: {}</failure>"#,
        escaped(&fields),
        lines.join("\n")
    )?;
    writeln!(out, "    </testcase>")
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

/// Returns a text for an attribute or between tags. XML takes no control characters, not even as references.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            char if char.is_control() => escaped.push('\u{fffd}'),
            char => escaped.push(char),
        }
    }
    escaped
}
