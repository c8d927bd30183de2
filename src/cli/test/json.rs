//! The report for a program, as JSON.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use super::results::{CaseResult, FileResult, Results, Verdict};

/// Writes the report.
pub(super) fn write(results: &Results, out: &mut impl Write) -> io::Result<()> {
    let report = Report {
        cases: of_files(results, |file| {
            file.cases
                .iter()
                .map(|case| CaseJson::of(file, case))
                .collect()
        }),
        unreadable: of_files(results, unreadable),
        summary: Summary {
            files: results.files.len(),
            passed: results.passed(),
            failed: results.failed(),
            unreadable: results.unreadable(),
        },
    };
    serde_json::to_writer_pretty(&mut *out, &report)?;
    writeln!(out)
}

#[derive(Serialize)]
struct Report<'r> {
    cases: Vec<CaseJson<'r>>,
    unreadable: Vec<UnreadableJson<'r>>,
    summary: Summary,
}

#[derive(Serialize)]
struct CaseJson<'r> {
    file: &'r str,
    line: usize,
    name: &'r str,
    rule: &'r [String],
    /// `passed` or `failed`.
    result: &'static str,
    /// The fields that are found otherwise.
    differences: Vec<DifferenceJson>,
}

#[derive(Serialize)]
struct DifferenceJson {
    field: String,
    expected: Value,
    found: Value,
}

#[derive(Serialize)]
struct UnreadableJson<'r> {
    file: &'r str,
    /// `null` for the file as a whole.
    line: Option<usize>,
    field: String,
    message: &'r str,
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    passed: usize,
    failed: usize,
    unreadable: usize,
}

impl<'r> CaseJson<'r> {
    fn of(file: &'r FileResult, result: &'r CaseResult) -> Self {
        let differences = match &result.verdict {
            Verdict::Failed(differences) => differences
                .iter()
                .map(|difference| DifferenceJson {
                    field: difference.path.to_string(),
                    expected: difference.expected.clone(),
                    found: difference.found.clone(),
                })
                .collect(),
            Verdict::Empty => vec![DifferenceJson {
                field: "expect".to_owned(),
                expected: Value::Null,
                found: result.outcome.expectation(result.strictness),
            }],
            Verdict::Passed | Verdict::Updated => Vec::new(),
        };
        Self {
            file: &file.name,
            line: result.line,
            name: &result.case.name,
            rule: &result.case.rule,
            result: if result.has_failed() {
                "failed"
            } else {
                "passed"
            },
            differences,
        }
    }
}

fn of_files<'r, T>(results: &'r Results, of_file: impl Fn(&'r FileResult) -> Vec<T>) -> Vec<T> {
    results.files.iter().flat_map(of_file).collect()
}

fn unreadable(file: &FileResult) -> Vec<UnreadableJson<'_>> {
    let misread = file.misread.iter();
    misread
        .map(|misread| UnreadableJson {
            file: &file.name,
            line: (misread.line > 0).then_some(misread.line),
            field: misread.error.path.to_string(),
            message: &misread.error.message,
        })
        .collect()
}
