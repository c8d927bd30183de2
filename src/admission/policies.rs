//! The admission of a `PlacementPolicy`: its author hears at once of what berth could only refuse later.

use serde_json::Value;

use super::answer::Conclusion;
use super::review::{Denial, Request, Verdict};
use super::warning;
use crate::encoding::field::FieldError;
use crate::names::{DOMAIN, KIND};
use crate::placement::{Reason, Snapshot};
use crate::policy::{examine_policy, remarks};

/// The most errors that an answer has.
const ERRORS: usize = 8;
/// The longest message of an error, in characters.
const LONGEST: usize = 300;

/// True if the request is about a `PlacementPolicy`.
pub(super) fn is_policy(request: &Request<'_>) -> bool {
    DOMAIN.strip_suffix('/') == Some(&request.group) && request.kind == KIND
}

/// Returns the denial of a policy that berth cannot read, and the warnings about one that is surely not meant so.
///
/// An UPDATE that leaves the spec as it is passes: an old mistake keeps nobody from changing labels. Audit changes
/// nothing here, since it is about pods.
pub(super) fn admission<'p>(
    request: &Request<'_>,
    snapshot: &Snapshot,
) -> Result<Conclusion<'p>, Reason> {
    if !request.sub_resource.is_empty() {
        return Err(Reason::Subresource);
    }
    let object = parsed(request.object_text).ok_or(Reason::Operation)?;
    let old = parsed(request.old_object);
    if old.is_some_and(|old| old["spec"] == object["spec"]) {
        return Err(Reason::Kind);
    }
    let mut verdict = Verdict::default();
    match examine_policy(&object) {
        Ok((policy, written)) => {
            let known = written.with(&snapshot.catalogue).with(&written.externals());
            let refused = policy.check(&known).err().into_iter();
            let refused = refused.map(|error| {
                format!(
                    "{}; berth uses the policy before it until that is mended",
                    error.message
                )
            });
            let remarks = remarks(&policy, &known).into_iter();
            let texts = refused.chain(remarks.map(|remark| remark.message));
            verdict.warnings = warning::of_policy(texts);
        }
        Err(errors) => {
            verdict.denial = Some(Denial::Invalid(request.name.to_string(), shown(errors)));
        }
    }
    Ok(Conclusion {
        verdict,
        ..Conclusion::leave(Reason::Kind)
    })
}

fn parsed(text: Option<&str>) -> Option<Value> {
    let value: Value = serde_json::from_str(text?).ok()?;
    (!value.is_null()).then_some(value)
}

/// Returns the first errors, each of bounded length and without control characters, and the number of the others.
fn shown(errors: Vec<FieldError>) -> Vec<FieldError> {
    let more = errors.len().saturating_sub(ERRORS);
    let clean = |text: &str| -> String {
        let printable = text
            .chars()
            .map(|char| if char.is_control() { '?' } else { char });
        printable.take(LONGEST).collect()
    };
    let mut shown: Vec<FieldError> = errors.into_iter().take(ERRORS).collect();
    for FieldError { path, message } in &mut shown {
        *message = clean(message);
        path.map_keys(clean);
    }
    if more > 0 {
        shown.push(FieldError::new(format!("and {more} more")).in_field("spec"));
    }
    shown
}
