//! The check `not-placed`: the mutating side should have placed the pod and did not (R7.11).

use crate::forecast::Revision;
use crate::placement::Reason;
use crate::policy::Mode;

/// Reports a new pod that still needs additions. A template has yet to make its pods, so it cannot miss any.
pub(super) fn not_placed(new: &Revision<'_>, old: Option<&Revision<'_>>) -> Vec<String> {
    let decision = new.decision;
    let missing = decision.reason == Reason::Placed
        && decision.mode == Mode::Enforce
        && decision.edits.affect_scheduling();
    if !new.workload.is_pod() || old.is_some() || !missing {
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
