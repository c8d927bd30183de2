//! The admission of a namespace: its author hears at once of a label that has not the effect that it seems to have.

use super::answer::Conclusion;
use super::denial;
use super::review::{Request, Verdict};
use super::warning;
use crate::encoding::json::Reader;
use crate::names::{ARCH_LABEL, DOMAIN};
use crate::placement::{Reason, Snapshot};
use crate::pod::{Metadata, NamespaceLabels, Template};
use crate::policy::{Action, Mode, Policy};
use crate::validation::{Check, Finding, misspelt_namespace};

/// True if the request is about a namespace.
pub(super) fn is_namespace(request: &Request<'_>) -> bool {
    request.group.is_empty() && request.kind == "Namespace"
}

/// Returns the denial and the warnings about the labels of berth's that a request adds or changes. What was there
/// before passes, and so does everything about the namespaces that berth never touches.
pub(super) fn admission<'p>(
    request: &Request<'_>,
    snapshot: &Snapshot,
) -> Result<Conclusion<'p>, Reason> {
    if !request.sub_resource.is_empty() {
        return Err(Reason::Subresource);
    }
    if snapshot.namespace(&request.name).is_system() {
        return Err(Reason::Namespace);
    }
    let new = request.object.as_ref();
    let new = new.and_then(|object| object.metadata.as_ref());
    let new = new.filter(|_| !request.is_of_deletion());
    let new = new.ok_or(Reason::Operation)?;
    let old = request
        .old_object
        .and_then(|text| Template::read(&mut Reader::new(text)).ok());
    let old = old.and_then(|object| object.metadata);
    let policy = &snapshot.policy;
    let faults = misspelt_namespace(&changed(new, old.as_ref()), policy);
    let findings = faults.into_iter().filter_map(|fault| {
        let check = check_of(&fault.key, policy);
        let action = check.action(&policy.validation);
        let lines = fault.message.split("; ").map(str::to_owned).collect();
        (action != Action::Off).then_some(Finding {
            check,
            action,
            lines,
        })
    });
    let findings: Vec<Finding> = findings.collect();
    let verdict = match policy.mode {
        Mode::Enforce => Verdict {
            denial: denial::of_findings(&findings),
            warnings: warning::warnings(&findings, None),
            ..Verdict::default()
        },
        // Audit denies nothing. It spares the authors of pods its warnings, and who opts a namespace in wants them.
        Mode::Audit => Verdict {
            warnings: warning::of_all(&findings),
            ..Verdict::default()
        },
    };
    Ok(Conclusion {
        verdict,
        findings,
        ..Conclusion::leave(Reason::Kind)
    })
}

/// Returns the labels of berth's domain that are new, or have another value than before.
fn changed(new: &Metadata<'_>, old: Option<&Metadata<'_>>) -> NamespaceLabels {
    let own = new.labels.iter().flat_map(|labels| labels.under(DOMAIN));
    let changed = own.filter(|(key, value)| old.and_then(|old| old.label(key)) != Some(value));
    changed.collect()
}

/// Returns the check that judges a label, by whose action in the policy it goes.
fn check_of(key: &str, policy: &Policy) -> Check {
    let mut rules = policy.rules().iter();
    if key == ARCH_LABEL {
        Check::UnknownArchitecture
    } else if rules.any(|rule| rule.place.namespace_label() == Some(key)) {
        Check::UnknownPool
    } else {
        Check::UnknownLabel
    }
}
