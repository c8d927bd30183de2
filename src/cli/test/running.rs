//! Runs the cases of a file.

use std::fs;
use std::time::Instant;

use serde_json::Value;

use super::library::Library;
use super::results::{CaseResult, FileResult, Verdict};
use super::source::Source;
use crate::cases::{Case, CaseAt, CaseFile, Header, Misread, Outcome, Review, Strictness, read};
use crate::encoding::field::FieldError;

/// The most that a file of a review may hold, which is what berth reads of a request.
const REVIEW_BYTES: u64 = 8 * 1024 * 1024;

/// The cases that are run, and how they are held.
pub(super) struct Selection<'a> {
    pub(super) filter: Option<&'a str>,
    pub(super) strictness: Strictness,
}

impl Selection<'_> {
    /// True if the text of the filter stands in the name of the case, in one of its rules or in the name of its file.
    fn takes(&self, case: &Case, file: &str) -> bool {
        let texts = [file, case.name.as_str()].into_iter();
        let mut texts = texts.chain(case.rule.iter().map(String::as_str));
        self.filter
            .is_none_or(|wanted| texts.any(|text| text.contains(wanted)))
    }
}

/// Runs the cases of a file.
pub(super) fn run(source: &Source, selection: &Selection<'_>, library: &mut Library) -> FileResult {
    let name = source.name();
    let (text, read) = match &source.text {
        Ok(text) => (text.as_str(), read(text)),
        Err(error) => {
            let misread = Misread {
                line: 0,
                error: FieldError::new(error.clone()),
            };
            let unread = CaseFile {
                misread: vec![misread],
                ..CaseFile::default()
            };
            ("", unread)
        }
    };
    let CaseFile {
        header,
        cases,
        mut misread,
    } = read;
    let mut results = Vec::new();
    for at in cases {
        if !selection.takes(&at.case, &name) {
            continue;
        }
        let begun = Instant::now();
        match outcome(source, &header, &at.case, library) {
            Ok(outcome) => results.push(CaseResult {
                verdict: verdict(&at.case, &outcome, selection.strictness),
                took: begun.elapsed(),
                strictness: selection.strictness,
                outcome,
                line: at.line,
                part: at.part,
                case: at.case,
            }),
            Err(error) => misread.push(CaseAt::misread(&at, text, error)),
        }
    }
    misread.sort_by_key(|misread| misread.line);
    FileResult {
        name,
        cases: results,
        misread,
    }
}

fn verdict(case: &Case, outcome: &Outcome, strictness: Strictness) -> Verdict {
    let differences = case.differences(outcome, strictness);
    if !case.expects_something() {
        Verdict::Empty
    } else if differences.is_empty() {
        Verdict::Passed
    } else {
        Verdict::Failed(differences)
    }
}

fn outcome(
    source: &Source,
    header: &Header,
    case: &Case,
    library: &mut Library,
) -> Result<Outcome, FieldError> {
    let snapshot = library
        .ground(source, header, case)?
        .snapshot(header, case)?;
    let Some(file) = &case.review_file else {
        let (review, object) = Review::of(case);
        return Outcome::of(&review.body(), &object, &snapshot, case);
    };
    let path = source.beside(file);
    let told = |message: String| {
        FieldError::new(format!("{}: {message}", path.display())).in_field("reviewFile")
    };
    let length = fs::metadata(&path).map_or(0, |metadata| metadata.len());
    if length > REVIEW_BYTES {
        return Err(told("more than 8 MiB, which is no request".to_owned()));
    }
    let body = fs::read(&path).map_err(|error| told(error.to_string()))?;
    let review: Value = serde_json::from_slice(&body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        told(format!("is no JSON: see line {line}, column {column}"))
    })?;
    let object = &review["request"]["object"];
    Outcome::of(&body, object, &snapshot, case).map_err(|error| told(error.to_string()))
}
