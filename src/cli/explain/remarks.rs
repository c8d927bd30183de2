//! Remarks on the input that have no place in a manifest or a diff.

use super::report::{Fate, Report};
use crate::policy::Mode;

/// Returns the remarks, in the input's order: refusals, findings, and what does not show.
pub(super) fn remarks(report: &Report<'_>) -> Vec<String> {
    let mut remarks = Vec::new();
    let mut audited = 0;
    for object in &report.objects {
        let location = &object.location;
        match &object.fate {
            Fate::Refused(error) => remarks.push(format!("{location}: {error}")),
            Fate::Explained(explanation) => {
                let decision = &explanation.decision;
                for finding in &explanation.findings {
                    remarks.push(format!(
                        "{location}: {}: {}: {}: {}",
                        object.identity,
                        explanation.verdict(finding),
                        finding.check,
                        finding.message()
                    ));
                }
                audited += usize::from(decision.mode == Mode::Audit && !decision.edits.is_empty());
            }
            Fate::Skipped => {}
        }
    }
    if audited > 0 {
        remarks.push(format!(
            "note: {audited} left unpatched, because the policy or the rule is in Audit"
        ));
    }
    let assumption = report.assumption();
    remarks.extend(assumption.map(|assumption| format!("note: {assumption}")));
    remarks
}
