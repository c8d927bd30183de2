//! The check `unknown-architecture`: the architecture label of the pod or of its namespace names no architecture.

use super::revision::Revision;
use super::wording::{clipped, nearest};
use crate::names::ARCH_LABEL;
use crate::placement::{Holder, Reason, UnknownArchitecture, asked_architecture};
use crate::policy::Policy;

/// Names that others give to an architecture, in lower case, each with Kubernetes' own.
const SYNONYMS: [(&str, &str); 9] = [
    ("x86_64", "amd64"),
    ("x86-64", "amd64"),
    ("x86", "amd64"),
    ("x64", "amd64"),
    ("amd", "amd64"),
    ("intel", "amd64"),
    ("aarch64", "arm64"),
    ("arm", "arm64"),
    ("graviton", "arm64"),
];

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
    vec![
        format!(
            "{labels}[{ARCH_LABEL}]: {:?} names no architecture",
            clipped(found.name)
        ),
        remedy(found.name, &new.snapshot.policy),
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

/// Returns the architecture that the name most likely stands for, or all that there are.
fn remedy(name: &str, policy: &Policy) -> String {
    let known = policy.architectures().iter().map(|known| &**known);
    let known: Vec<&str> = known.chain(["any"]).collect();
    let name = clipped(name).to_ascii_lowercase();
    let mut synonyms = SYNONYMS.iter().filter(|(other, _)| *other == name);
    let synonym = synonyms.find(|(_, own)| known.contains(own));
    match synonym
        .map(|(_, own)| *own)
        .or_else(|| nearest(&name, &known))
    {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("use one of {}", known.join(", ")),
    }
}
