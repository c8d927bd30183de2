//! The checks of the validating side. They judge the decision that the mutating side carries out, and tell the author.

mod bound_by_author;
mod check;
mod contradiction;
mod finding;
mod label_on_workload;
mod namespace_labels;
mod not_entitled;
mod not_placed;
mod own_labels;
mod pool_unavailable;
mod restricted_preference;
mod self_placed;
mod spelling;
mod split_domains;
mod stateful_on_spot;
mod unknown_architecture;
mod unknown_label;
mod unknown_pool;
mod unschedulable;
mod wildcard_toleration;
mod wording;

pub use check::Check;
pub use finding::Finding;
pub use namespace_labels::{NamespaceFault, misspelt_namespace};

use crate::forecast::Revision;
use crate::placement::{Reason, is_mirror, is_of_daemon_set, is_system_critical, names_node};
use crate::pod::Pod;
use crate::policy::Action;

/// Returns the findings in a workload that `username` creates, or that replaces `old`.
///
/// Audit mode does not change the findings; the caller must not deny on them.
#[must_use]
pub fn findings(new: &Revision<'_>, old: Option<&Revision<'_>>, username: &str) -> Vec<Finding> {
    if new.decision.reason == Reason::Namespace || is_of_kubelet(new.pod(), username) {
        return Vec::new();
    }
    let validation = &new.snapshot.policy.validation;
    let checks = Check::ALL.iter();
    let checks = checks.filter(|check| applies(**check, new, username));
    let mut findings = Vec::new();
    for check in checks.copied() {
        let action = check.action(validation);
        if action == Action::Off {
            continue;
        }
        let lines = lines(check, new, old);
        if !lines.is_empty() {
            findings.push(Finding {
                check,
                action,
                lines,
            });
        }
    }
    findings
}

/// True if the check judges the workload.
///
/// Without opt-in only `not-entitled` and `bound-by-author` apply: they form a boundary. A critical priority class does
/// not lift them, since anyone can set it; nor does a `DaemonSet`, since its author wrote its tolerations.
fn applies(check: Check, new: &Revision<'_>, username: &str) -> bool {
    match check {
        Check::NotEntitled | Check::BoundByAuthor => true,
        Check::UnknownPool
        | Check::UnknownArchitecture
        | Check::Contradiction
        | Check::Unschedulable
        | Check::PoolUnavailable
        | Check::UnknownLabel
        | Check::RestrictedPreference
        | Check::SplitDomains
        | Check::SelfPlaced
        | Check::WildcardToleration
        | Check::LabelOnWorkload
        | Check::StatefulOnSpot
        | Check::NotPlaced => {
            new.decision.reason != Reason::NotOptedIn
                && !is_system_critical(new.pod().spec)
                && !is_of_daemon_set_controller(new.pod(), username)
        }
    }
}

/// Returns the lines of a check's finding; empty if it finds nothing. In an UPDATE it judges only the additions.
fn lines(check: Check, new: &Revision<'_>, old: Option<&Revision<'_>>) -> Vec<String> {
    match check {
        Check::UnknownPool => unknown_pool::unknown_pool(new, old),
        Check::UnknownArchitecture => unknown_architecture::unknown_architecture(new, old),
        Check::NotEntitled => not_entitled::not_entitled(new, old),
        Check::Contradiction => newly(contradiction::contradiction, new, old),
        Check::Unschedulable => newly(unschedulable::unschedulable, new, old),
        Check::PoolUnavailable => newly(pool_unavailable::pool_unavailable, new, old),
        Check::UnknownLabel => unknown_label::unknown_label(new, old),
        Check::RestrictedPreference => {
            newly(restricted_preference::restricted_preference, new, old)
        }
        Check::SplitDomains => newly(split_domains::split_domains, new, old),
        Check::SelfPlaced => self_placed::self_placed(new, old),
        Check::WildcardToleration => wildcard_toleration::wildcard_toleration(new, old),
        Check::LabelOnWorkload => label_on_workload::label_on_workload(new, old),
        Check::StatefulOnSpot => newly(stateful_on_spot::stateful_on_spot, new, old),
        Check::BoundByAuthor => bound_by_author::bound_by_author(new, old),
        Check::NotPlaced => not_placed::not_placed(new, old),
    }
}

/// Returns the lines of a check that judges one revision; empty if it finds something in the old revision too.
fn newly(
    find: fn(&Revision<'_>) -> Vec<String>,
    new: &Revision<'_>,
    old: Option<&Revision<'_>>,
) -> Vec<String> {
    let found = find(new);
    let known = !found.is_empty() && old.is_some_and(|old| !find(old).is_empty());
    if known { Vec::new() } else { found }
}

/// True if the `DaemonSet` controller itself creates the pod.
///
/// Anyone can write an owner or a node's name into a pod, so the user has to be the controller.
fn is_of_daemon_set_controller(pod: &Pod<'_>, username: &str) -> bool {
    is_of_daemon_set(pod)
        && names_node(pod.spec)
        && username == "system:serviceaccount:kube-system:daemon-set-controller"
}

/// True if the pod is the mirror pod that a kubelet makes on its own node.
///
/// Anyone can write the annotation of mirror pods, so the user has to be that kubelet.
fn is_of_kubelet(pod: &Pod<'_>, username: &str) -> bool {
    let node = username.strip_prefix("system:node:");
    is_mirror(pod) && !pod.spec.node_name.is_empty() && node == Some(&*pod.spec.node_name)
}
