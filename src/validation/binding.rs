//! Checks of what has been done to a pod already: `bound-by-author` and `not-placed`.

use super::Side;
use super::wording::clipped;
use crate::placement::Reason;
use crate::placement::policy::Mode;

/// `nodeName` is set by hand. A pod that runs has one too, which the scheduler gave it.
pub(super) fn bound_by_author(new: &Side<'_>, old: Option<&Side<'_>>) -> Vec<String> {
    let name = &new.pod().spec.node_name;
    if name.is_empty() || old.is_some_and(|old| old.pod().spec.node_name == *name) {
        return Vec::new();
    }
    vec![
        format!(
            "{}: {:?} is set by hand",
            new.field("spec.nodeName"),
            clipped(name)
        ),
        "it passes over the scheduler and the node's taints".to_owned(),
        "select nodes by their labels".to_owned(),
    ]
}

/// The mutating side should have placed the pod and did not.
pub(super) fn not_placed(new: &Side<'_>, old: Option<&Side<'_>>) -> Vec<String> {
    let decision = new.decision();
    let missing = decision.reason == Reason::Placed
        && decision.mode == Mode::Enforce
        && decision.edits.affect_scheduling();
    if !new.case.is_pod || old.is_some() || !missing {
        return Vec::new();
    }
    let (Some(rule), Some(pool)) = (decision.rule, decision.pool) else {
        return Vec::new();
    };
    vec![
        format!(
            "{}: not placed in pool {} by rule {}",
            new.field("spec"),
            pool.name,
            rule.name
        ),
        "was the webhook down? recreate the pod".to_owned(),
    ]
}
