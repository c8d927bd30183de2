//! Remarks on the input that have no place in a manifest or a diff.

use super::report::{Examined, Fate, Summary};
use super::summary::plain;

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
            remark.collect()
        }
        Fate::Skipped => Vec::new(),
    }
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
