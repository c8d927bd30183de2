//! The check `unknown-architecture`: the architecture label of the pod or of its namespace names no architecture.

use super::spelling::{architectures, meant_architecture};
use crate::encoding::wording::clipped;
use crate::forecast::Revision;
use crate::names::ARCH_LABEL;
use crate::placement::{Holder, Reason, UnknownArchitecture, asked_architecture};

/// Reports the label that keeps berth from placing the pod, unless the old revision has the same.
pub(super) fn unknown_architecture(new: &Revision<'_>, old: Option<&Revision<'_>>) -> Vec<String> {
    let Some(found) = unknown(new) else {
        return Vec::new();
    };
    if old.and_then(unknown) == Some(found) {
        return Vec::new();
    }
    let labels = match found.holder {
        Holder::Pod => new.field("metadata.labels"),
        Holder::Namespace => format!("namespace {}: labels", new.namespace.name),
    };
    let policy = &new.snapshot.policy;
    let remedy = match meant_architecture(found.name, policy) {
        Some(meant) => format!("did you mean {meant:?}?"),
        None => format!("use one of {}", architectures(policy).join(", ")),
    };
    vec![
        format!(
            "{labels}[{ARCH_LABEL}]: {:?} names no architecture",
            clipped(found.name)
        ),
        remedy,
    ]
}

/// Returns the label that asks for an architecture and names none. `None` if berth never asks it, since it leaves the
/// pod alone in any case. A pool that is unknown or closed is no such case: the author mends both.
fn unknown<'a>(revision: &Revision<'a>) -> Option<UnknownArchitecture<'a>> {
    let asks = matches!(
        revision.decision.reason,
        Reason::UnknownArchitecture | Reason::UnknownPool | Reason::NotEntitled
    );
    if !asks {
        return None;
    }
    let policy = &revision.snapshot.policy;
    let unknown = asked_architecture(revision.pod(), &revision.namespace, policy).err()?;
    // A namespace gets its label under workloads that run already: their controllers go on.
    let is_due = unknown.holder == Holder::Pod || !revision.workload.has_controller();
    is_due.then_some(unknown)
}
