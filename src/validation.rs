//! The checks of the validating side: the same decision, told to the author instead of carried out.

use crate::placement::constraints::Term;
use crate::placement::exemption::is_system_critical;
use crate::placement::named::named;
use crate::placement::pod::Pod;
use crate::placement::policy::{Action, Mode, Place, Policy};
use crate::placement::snapshot::Snapshot;
use crate::placement::{Decision, Reason};

named! {
    /// The checks.
    pub enum Check {
        /// The pool label names no pool.
        UnknownPool = "unknown-pool",
        /// The mutating side should have placed the pod and did not.
        NotPlaced = "not-placed",
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The check.
    pub check: Check,
    /// What is done about it.
    pub action: Action,
    /// The field, the value and the remedy, for the author.
    pub message: String,
}

/// What is being judged.
#[derive(Debug, Clone, Copy)]
pub struct Case<'c, 'v, 'a> {
    /// The pod, or the pods of a template.
    pub pod: &'c Pod<'v, 'a>,
    /// The same before an UPDATE; nothing for a CREATE.
    pub old: Option<&'c Pod<'v, 'a>>,
    /// Whether the object is a pod itself, which the mutating side has seen before.
    pub is_pod: bool,
    /// The path of the pod or the template in the object, ending in a dot unless empty.
    pub path: &'c str,
    /// Who asks.
    pub username: &'c str,
}

/// Judges a pod or a template. `decision` is what placement makes of it.
///
/// What is in `Audit`, be it the policy or the rule, finds what it finds; it is for the caller to refuse nothing then.
#[must_use]
pub fn findings(
    case: &Case<'_, '_, '_>,
    decision: &Decision<'_>,
    snapshot: &Snapshot,
) -> Vec<Finding> {
    // Whatever is registered: the system's namespaces are never judged, and no other before it has opted in.
    let judged = !matches!(decision.reason, Reason::Namespace | Reason::NotOptedIn);
    if !judged || is_exempt(case) {
        return Vec::new();
    }
    let policy = &snapshot.policy;
    let checks = [
        (
            Check::UnknownPool,
            policy.validation.unknown_pool,
            unknown_pool as fn(&Case<'_, '_, '_>, &Decision<'_>, &Policy) -> _,
        ),
        (Check::NotPlaced, policy.validation.not_placed, not_placed),
    ];
    let on = checks
        .into_iter()
        .filter(|(_, action, _)| *action != Action::Off);
    let found = on.filter_map(|(check, action, judge)| {
        Some(Finding {
            check,
            action,
            message: judge(case, decision, policy)?,
        })
    });
    found.collect()
}

/// A `DaemonSet`'s pod, which only the `DaemonSet` controller can make; a mirror pod; one that keeps the cluster alive.
fn is_exempt(case: &Case<'_, '_, '_>) -> bool {
    let Pod {
        metadata,
        spec,
        controller,
    } = case.pod;
    // Anyone can write an owner or a node's name into a pod, so the user has to be the controller's own.
    let of_daemon_set = controller
        .is_some_and(|owner| owner.group == "apps" && owner.kind == "DaemonSet")
        && spec
            .terms()
            .unwrap_or_default()
            .iter()
            .any(Term::names_node)
        && case.username == "system:serviceaccount:kube-system:daemon-set-controller";
    of_daemon_set
        || metadata.has_annotation("kubernetes.io/config.mirror")
        || is_system_critical(spec)
}

fn unknown_pool(case: &Case<'_, '_, '_>, _: &Decision<'_>, policy: &Policy) -> Option<String> {
    let keys = policy.rules().iter().filter_map(|rule| match &rule.place {
        Place::PoolFromLabel(key) => Some(key.as_str()),
        Place::Pool(_) | Place::LeaveAlone => None,
    });
    for key in keys {
        let Some(name) = case.pod.metadata.label(key) else {
            continue;
        };
        let unchanged = case
            .old
            .is_some_and(|old| old.metadata.label(key) == Some(name));
        if unchanged || policy.pool(name).is_some() {
            continue;
        }
        let pools: Vec<&str> = policy.pools().iter().map(|pool| &*pool.name).collect();
        let remedy = match nearest(name, &pools) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("use one of {}", pools.join(", ")),
        };
        return Some(format!(
            "{}metadata.labels[{key}]: {:?} names no pool; {remedy}",
            case.path,
            clipped(name)
        ));
    }
    None
}

/// A label value has 63 characters; whatever is longer is no label value, and is not repeated whole.
fn clipped(value: &str) -> &str {
    value
        .char_indices()
        .nth(63)
        .map_or(value, |(end, _)| &value[..end])
}

/// The name that a misspelt one most likely stands for.
fn nearest<'n>(name: &str, names: &[&'n str]) -> Option<&'n str> {
    let distance = |candidate: &str| strsim::damerau_levenshtein(clipped(name), candidate);
    let near = names
        .iter()
        .copied()
        .min_by_key(|candidate| distance(candidate))?;
    (distance(near) <= near.len().div_ceil(3)).then_some(near)
}

fn not_placed(case: &Case<'_, '_, '_>, decision: &Decision<'_>, _: &Policy) -> Option<String> {
    let missing = decision.reason == Reason::Placed
        && decision.mode == Mode::Enforce
        && decision.edits.affect_scheduling();
    if !case.is_pod || case.old.is_some() || !missing {
        return None;
    }
    let (rule, pool) = (decision.rule?, decision.pool?);
    Some(format!(
        "{}spec: not placed in pool {} by rule {}; was the webhook down? recreate the pod",
        case.path, pool.name, rule.name
    ))
}
