//! Brings the expectations of a case file up to date, and leaves everything else in it as it is.

use serde_json::Value;

use super::difference::{Difference, Strictness};
use super::edit::set;
use super::file::Case;
use super::outcome::Outcome;
use crate::encoding::field::{FieldPath, Segment};
use crate::encoding::{strict, yaml};

/// The field that is rewritten.
const EXPECT: &str = "expect";

/// The error for a document that cannot be rewritten without touching something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot be rewritten without a change elsewhere in the case, as by an anchor: write what is found by hand"
)]
pub struct NotRewritten;

/// Returns the document of a case with the expectations that its outcome meets. `None` if it meets them as they are.
///
/// Of a case that expects something, only fields that are found otherwise change. One that expects nothing gets the whole
/// outcome.
///
/// # Errors
/// If the document cannot be changed like that. The result has been read again, and says the same but for `expect`.
pub fn rewritten(
    document: &str,
    case: &Case,
    outcome: &Outcome,
    strictness: Strictness,
) -> Result<Option<String>, NotRewritten> {
    let differences = if case.expects_something() {
        case.differences(outcome, strictness)
    } else {
        vec![Difference {
            path: FieldPath(vec![Segment::Key(EXPECT.to_owned())]),
            expected: Value::Null,
            found: outcome.expectation(strictness),
        }]
    };
    if differences.is_empty() {
        return Ok(None);
    }
    let mut text = document.to_owned();
    for Difference { path, found, .. } in &differences {
        text = set(&text, path, found).ok_or(NotRewritten)?;
    }
    if is_right(document, &text, outcome, strictness) {
        Ok(Some(text))
    } else {
        Err(NotRewritten)
    }
}

/// True if a document differs from the one before in what it expects alone, and the outcome meets that.
fn is_right(before: &str, after: &str, outcome: &Outcome, strictness: Strictness) -> bool {
    let (Ok(mut before), Ok(mut after)) = (yaml::parse(before), yaml::parse(after)) else {
        return false;
    };
    let Ok(case) = strict::from_value::<Case>(&after) else {
        return false;
    };
    for document in [&mut before, &mut after] {
        if let Some(fields) = document.as_object_mut() {
            fields.shift_remove(EXPECT);
        }
    }
    before == after && case.differences(outcome, strictness).is_empty()
}
