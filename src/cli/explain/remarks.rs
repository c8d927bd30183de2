//! Remarks on the input that have no place in a manifest or a diff.

use super::explanation::Explanation;
use super::report::{Examined, Fate, Summary};
use super::summary::plain;
use crate::placement::Basis;

/// Returns the remarks on an object: why it is unreadable, or what was found.
pub(super) fn remarks(object: &Examined<'_, '_>) -> Vec<String> {
    let location = &object.location;
    match &object.fate {
        Fate::Unreadable(error) => vec![format!("{location}: {error}")],
        Fate::Explained(explanation) => {
            let findings = explanation.findings.iter();
            let remark = findings.map(|finding| {
                format!(
                    "{location}: {}: {}: {}: {}",
                    object.identity,
                    explanation.verdict(finding),
                    finding.check,
                    finding.message()
                )
            });
            let of_split = of_split(explanation);
            let of_split = of_split.map(|said| format!("{location}: {}: {said}", object.identity));
            of_split.into_iter().chain(remark).collect()
        }
        Fate::Skipped => Vec::new(),
    }
}

/// Says which pod of a split pool a patch is for, or why there is none.
fn of_split(explanation: &Explanation<'_>) -> Option<String> {
    let pool = &explanation.decision.pool?.name;
    if explanation.division.is_some() {
        return Some(format!(
            "note: pool {pool} is split, so berth changes the pods as they are created, and not the template"
        ));
    }
    let assigned = explanation.decision.assigned?;
    let is_chosen = assigned.basis != Basis::Label && !explanation.patch.is_empty();
    is_chosen.then(|| {
        let capacity = explanation.capacity.as_deref().unwrap_or_default();
        format!("note: the patch is for pool {pool}: {capacity}")
    })
}

/// Returns the remarks on the whole input.
pub(super) fn closing(summary: &Summary) -> Vec<String> {
    let mut remarks = vec![plain(summary)];
    let warnings = summary.warnings.iter();
    remarks.extend(warnings.map(|warning| format!("warning: {warning}")));
    let audited = summary.audited;
    if audited > 0 {
        remarks.push(format!(
            "note: {audited} left unpatched, because the policy or the rule is in Audit"
        ));
    }
    let assumption = summary.assumption();
    remarks.extend(assumption.map(|assumption| format!("note: {assumption}")));
    remarks
}
