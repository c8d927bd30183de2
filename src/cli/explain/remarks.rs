//! Remarks on the input that have no place in a manifest or a diff.

use super::report::{Examined, Fate, Summary};

/// Returns the remarks on an object: why it is refused, or what was found.
pub(super) fn remarks(object: &Examined<'_, '_>) -> Vec<String> {
    let location = &object.location;
    match &object.fate {
        Fate::Refused(error) => vec![format!("{location}: {error}")],
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
    let warnings = summary.warnings.iter();
    let mut remarks: Vec<_> = warnings
        .map(|warning| format!("warning: {warning}"))
        .collect();
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
