//! The admission of an object that has more than berth reads. Nobody writes such an object by accident, and it could hide
//! what enters a closed pool.

use super::answer::Conclusion;
use super::denial;
use super::review::{Request, Verdict};
use crate::encoding::json::ITEMS;
use crate::placement::{Reason, Snapshot};
use crate::pod::Kind;
use crate::policy::{Action, Mode};
use crate::validation::{Check, Finding};

/// Returns the finding of `not-entitled` for the object, or the reason to leave it alone.
pub(super) fn validation<'p>(
    request: &Request<'_>,
    snapshot: &Snapshot,
) -> Result<Conclusion<'p>, Reason> {
    if snapshot.namespace(&request.namespace).is_system() {
        return Err(Reason::Namespace);
    }
    let check = Check::NotEntitled;
    let action = check.action(&snapshot.policy.validation);
    if request.kind() == Kind::Other || action == Action::Off {
        return Err(Reason::Malformed);
    }
    let lines = vec![
        format!("the object has more than {ITEMS} tolerations, terms, labels and the like"),
        "berth reads no more of them, and cannot tell which node pools it enters".to_owned(),
        "write each once".to_owned(),
    ];
    let findings = vec![Finding {
        check,
        action,
        lines,
    }];
    let mut verdict = Verdict::default();
    if snapshot.policy.mode == Mode::Enforce {
        verdict.denial = denial::of_findings(&findings);
    }
    Ok(Conclusion {
        verdict,
        findings,
        ..Conclusion::leave(Reason::Malformed)
    })
}
