//! The warnings of an answer. The API server sends each as a header, so they are few, short and in ASCII (R5.4).

use crate::placement::Decision;
use crate::pod::Workload;
use crate::policy::Action;
use crate::validation::Finding;

/// The longest warning that the API server shows whole, in characters.
const WARNING_CHARACTERS: usize = 120;
/// The most warnings that a person reads.
const WARNINGS: usize = 5;

/// Returns the warning for a pod that berth leaves unplaced. Nobody reads the warnings that a controller gets.
pub(super) fn of_decision(decision: &Decision<'_>, workload: &Workload<'_>) -> Vec<String> {
    let has_no_reader = workload.is_pod() && workload.pod.controller.is_some();
    if !decision.reason.concerns_author() || has_no_reader {
        return Vec::new();
    }
    let detail = decision.detail.as_deref();
    let detail = detail.unwrap_or("all terms of its required node affinity are empty");
    vec![warning(&format!("berth: {}: {detail}", decision.reason))]
}

/// Returns the warnings for the findings that warn.
pub(super) fn of_findings(findings: &[Finding]) -> Vec<String> {
    let warn = findings
        .iter()
        .filter(|finding| finding.action == Action::Warn);
    bounded(warn.map(lines).collect())
}

/// Returns the text as one warning: printable ASCII, of bounded length.
fn warning(text: &str) -> String {
    let printable = text.chars().map(|char| {
        if char.is_ascii_graphic() || char == ' ' {
            char
        } else {
            '?'
        }
    });
    let mut warning: String = printable.take(WARNING_CHARACTERS + 1).collect();
    if warning.len() > WARNING_CHARACTERS {
        warning.truncate(WARNING_CHARACTERS - 3);
        warning.push_str("...");
    }
    warning
}

/// Returns the warnings for one finding. Each holds as many lines of the finding as fit into it.
fn lines(finding: &Finding) -> Vec<String> {
    let start = format!("berth: {}: ", finding.check);
    let mut warnings: Vec<String> = Vec::new();
    for part in &finding.lines {
        match warnings.last_mut() {
            Some(warning)
                if warning.chars().count() + "; ".len() + part.chars().count()
                    <= WARNING_CHARACTERS =>
            {
                warning.push_str("; ");
                warning.push_str(part);
            }
            _ => warnings.push(format!("{start}{part}")),
        }
    }
    warnings.iter().map(|text| warning(text)).collect()
}

/// Returns at most [`WARNINGS`] of the warnings of all findings. Each finding leaves room for the others, and the last
/// warning counts those that are left out.
fn bounded(of_findings: Vec<Vec<String>>) -> Vec<String> {
    let total: usize = of_findings.iter().map(Vec::len).sum();
    if total <= WARNINGS {
        return of_findings.into_iter().flatten().collect();
    }
    let mut kept = vec![0; of_findings.len()];
    let mut room = WARNINGS - 1;
    for round in 0..WARNINGS {
        for (kept, warnings) in kept.iter_mut().zip(&of_findings) {
            if room > 0 && round < warnings.len() {
                *kept += 1;
                room -= 1;
            }
        }
    }
    let of_findings = of_findings.into_iter().zip(kept);
    let mut warnings: Vec<String> = of_findings
        .flat_map(|(warnings, kept)| warnings.into_iter().take(kept))
        .collect();
    warnings.push(format!("berth: ...and {} more", total - warnings.len()));
    warnings
}
