//! The reader of case files: strict, and with the line of each mistake.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;

use super::file::{Case, Expect, Header};
use crate::encoding::field::{FieldError, FieldPath};
use crate::encoding::spelling::suggestion;
use crate::encoding::wording::clipped;
use crate::encoding::{strict, yaml};
use crate::placement::Reason;
use crate::policy::Mode;
use crate::validation::Check;

/// The most text of a case file: a value takes many times its text.
const FILE_BYTES: usize = 4 * 1024 * 1024;

/// The field that only the first document of a case file has.
const VERSION: &str = "version";

/// The version of the format.
const KNOWN_VERSION: &str = "v1";

/// A case file that has been read.
#[derive(Debug, Default)]
pub struct CaseFile {
    /// The first document, or its defaults.
    pub header: Header,
    /// The cases, in the order of the file.
    pub cases: Vec<CaseAt>,
    /// The mistakes, in the order of the file. A document with a mistake is no case.
    pub misread: Vec<Misread>,
}

/// A case and its place.
#[derive(Debug)]
pub struct CaseAt {
    /// The line on which it starts, from 1.
    pub line: usize,
    /// The line on which its document starts, blank lines and comments included.
    start: usize,
    /// The part of the file that is its document, in bytes.
    pub part: Range<usize>,
    /// The case.
    pub case: Case,
}

impl CaseAt {
    /// Returns the mistake in a field of the case. `text` is that of the file.
    #[must_use]
    pub fn misread(&self, text: &str, error: FieldError) -> Misread {
        let document = text.get(self.part.clone()).unwrap_or_default();
        misread(document, self.start, error)
    }
}

/// A mistake in a case file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    /// The line of the file, from 1.
    pub line: usize,
    /// The field, and what is wrong with it.
    pub error: FieldError,
}

/// Reads a case file.
#[must_use]
pub fn read(text: &str) -> CaseFile {
    let mut file = CaseFile::default();
    if text.len() > FILE_BYTES {
        let limit = FILE_BYTES / (1024 * 1024);
        let message = format!("more than {limit} MiB of cases: split the file");
        file.misread.push(Misread {
            line: 1,
            error: FieldError::new(message),
        });
        return file;
    }
    let mut names = BTreeMap::new();
    for (position, document) in yaml::documents(text).enumerate() {
        let read = value(document.text, document.line)
            .map_err(Mistake::OfDocument)
            .and_then(|value| take(&document, &value, position == 0, &mut file));
        match read {
            Ok(()) => {}
            Err(Mistake::OfHeader(misread)) => {
                file.misread.push(misread);
                break;
            }
            Err(Mistake::OfDocument(misread)) => {
                file.misread.push(misread);
                continue;
            }
        }
        if let Some(CaseAt { case, line, .. }) = file.cases.last()
            && let Some(first) = names.insert(case.name.clone(), *line)
            && first != *line
        {
            let message = format!("the case of line {first} has this name, too");
            file.misread.push(Misread {
                line: *line,
                error: FieldError::new(message).in_field("name"),
            });
        }
    }
    file
}

/// Reads the value of a document.
fn value(document: &str, start: usize) -> Result<Value, Misread> {
    let at = |line: usize, message: String| Misread {
        line: start + line - 1,
        error: FieldError::new(message),
    };
    let tree = yaml::read(document).map_err(|error| at(error.line, error.to_string()))?;
    match tree.repeated.first() {
        None => Ok(tree.value),
        Some(repeated) => {
            let message = format!("the key {:?} stands twice: remove one", repeated.key);
            Err(at(repeated.last, message))
        }
    }
}

/// A mistake, by what it keeps from being read.
enum Mistake {
    /// All of the file: nobody can say by what its cases are to be judged.
    OfHeader(Misread),
    /// One document.
    OfDocument(Misread),
}

/// Takes a document as the header or as a case.
fn take(
    document: &yaml::Document<'_>,
    value: &Value,
    is_first: bool,
    file: &mut CaseFile,
) -> Result<(), Mistake> {
    if value.is_null() {
        return Ok(());
    }
    let told = |error| misread(document.text, document.line, error);
    match (value.get(VERSION), is_first) {
        (Some(version), true) => {
            file.header = header(value, version).map_err(|error| Mistake::OfHeader(told(error)))?;
        }
        (Some(_), false) => {
            let message = "stands in the first document of a case file alone";
            let error = FieldError::new(message).in_field(VERSION);
            return Err(Mistake::OfDocument(told(error)));
        }
        (None, _) => {
            let case = case(value).map_err(|error| Mistake::OfDocument(told(error)))?;
            let line = yaml::line_of(document.text, &FieldPath::default()).unwrap_or(1);
            file.cases.push(CaseAt {
                line: document.line + line - 1,
                start: document.line,
                part: document.start..document.start + document.text.len(),
                case,
            });
        }
    }
    Ok(())
}

fn header(value: &Value, version: &Value) -> Result<Header, FieldError> {
    match version.as_str() {
        Some(known) if known == KNOWN_VERSION => strict::from_value(value),
        _ => {
            let found = version
                .as_str()
                .map_or_else(|| version.to_string(), str::to_owned);
            let message = format!(
                "this berth reads case files of version {KNOWN_VERSION}, and this is one of {:?}",
                clipped(&found)
            );
            Err(FieldError::new(message).in_field(VERSION))
        }
    }
}

fn case(value: &Value) -> Result<Case, FieldError> {
    let is_object =
        |value: &Value| value.get("apiVersion").is_some() && value.get("kind").is_some();
    if is_object(value) {
        let message = "this is an object of Kubernetes and no case: a case has one under object";
        return Err(FieldError::new(message));
    }
    let case: Case = strict::from_value(value)?;
    sensible(&case, value)?;
    Ok(case)
}

/// Returns a mistake with its line: that of the field, or of the nearest field around it.
fn misread(text: &str, start: usize, error: FieldError) -> Misread {
    let mut path = error.path.clone();
    let mut line = yaml::line_of(text, &path);
    while line.is_none() && path.0.pop().is_some() {
        line = yaml::line_of(text, &path);
    }
    Misread {
        line: start + line.unwrap_or(1) - 1,
        error,
    }
}

/// Refuses a case that says nothing of the object, and names that berth does not have.
fn sensible(case: &Case, value: &Value) -> Result<(), FieldError> {
    if case.name.trim().is_empty() {
        return Err(FieldError::new("a case needs a name").in_field("name"));
    }
    let is_given = |field| value.get(field).is_some();
    if !["object", "objectText", "reviewFile"]
        .into_iter()
        .any(is_given)
    {
        return Err(FieldError::new("the field object is missing"));
    }
    let Some(expect) = &case.expect else {
        return Ok(());
    };
    known(expect).map_err(|error| error.in_field("expect"))
}

/// Refuses reasons, modes and checks that there are not.
fn known(expect: &Expect) -> Result<(), FieldError> {
    let reasons: Vec<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    let modes: Vec<&str> = Mode::ALL.iter().map(|mode| mode.as_str()).collect();
    let checks: Vec<&str> = Check::ALL.iter().map(|check| check.as_str()).collect();
    one_of(expect.reason.as_deref(), "reason", &reasons)?;
    one_of(expect.mode.as_deref(), "mode", &modes)?;
    let findings = expect.validate.iter().flat_map(|said| &said.findings);
    for (position, finding) in findings.enumerate() {
        one_of(Some(finding), "check", &checks).map_err(|mut error| {
            error.path = FieldPath::default();
            let error = error.in_item(position).in_field("findings");
            error.in_field("validate")
        })?;
    }
    Ok(())
}

fn one_of(name: Option<&str>, what: &str, known: &[&str]) -> Result<(), FieldError> {
    match name {
        Some(name) if !known.contains(&name) => {
            let (found, meant) = (clipped(name), suggestion(name, known));
            let message = format!("{found:?} is no {what}; {meant}");
            Err(FieldError::new(message).in_field(what))
        }
        _ => Ok(()),
    }
}
