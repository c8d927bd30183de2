//! The warnings of an answer. The API server sends each as a header, so they are few, short and in ASCII (R5.4).

use crate::placement::{Decision, Reason};
use crate::policy::Action;
use crate::validation::{Check, Finding};

/// The longest warning that the API server shows whole, in characters.
const WARNING_CHARACTERS: usize = 120;
/// The width of a terminal of 80 columns, less the `Warning: ` that kubectl writes before each.
const COLUMNS: usize = 71;
/// The start of a warning that holds the next line of a finding. A space follows.
const NEXT_LINE: &str = " ";
/// The start of a warning that goes on with a line. A space follows.
const SAME_LINE: &str = "   ";
/// The most warnings that a person reads.
const WARNINGS: usize = 5;

/// Returns the warnings for the findings that warn, and for the decision to leave pods as they are, if it is given and no
/// finding reports it.
pub(super) fn warnings(findings: &[Finding], decision: Option<&Decision<'_>>) -> Vec<String> {
    let warn = findings
        .iter()
        .filter(|finding| finding.action == Action::Warn);
    let mut told: Vec<Vec<String>> = warn.map(of_finding).collect();
    if let Some(decision) = decision
        && let Some(detail) = &decision.detail
        && decision.reason.concerns_author()
        && !is_reported(decision.reason, findings)
    {
        told.push(lines(decision.reason.as_str(), detail.split("; ")));
    }
    bounded(told)
}

/// Returns the warnings for all findings, those that deny among them.
pub(super) fn of_all(findings: &[Finding]) -> Vec<String> {
    bounded(findings.iter().map(of_finding).collect())
}

fn of_finding(finding: &Finding) -> Vec<String> {
    let of_finding = finding.lines.iter().map(String::as_str);
    lines(finding.check.as_str(), of_finding)
}

/// True if a finding names the obstacle for which berth leaves pods as they are.
fn is_reported(reason: Reason, findings: &[Finding]) -> bool {
    let checks: &[Check] = match reason {
        Reason::Conflict => &[Check::Contradiction, Check::Unschedulable],
        // The check sees a closed pool that a label of the pod names, and not one that a rule or the namespace chooses.
        Reason::NotEntitled => &[Check::NotEntitled],
        _ => &[],
    };
    findings
        .iter()
        .any(|finding| checks.contains(&finding.check))
}

/// Returns the warnings about a policy, each a fault and its remedy.
pub(super) fn of_policy(remarks: impl Iterator<Item = String>) -> Vec<String> {
    bounded(
        remarks
            .map(|text| lines("policy", text.split("; ")))
            .collect(),
    )
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

/// Returns warnings with these lines. The first names the check or the reason, and the others are indented. Each holds as
/// many of the lines as fit a terminal. A line that is longer breaks between words.
fn lines<'l>(name: &str, lines: impl Iterator<Item = &'l str>) -> Vec<String> {
    let mut warnings = vec![format!("berth: {name}:")];
    let mut has_words = false;
    for line in lines {
        if has_words {
            if fits(&warnings, line.chars().count() + "; ".len()) {
                append(&mut warnings, "; ", line);
                continue;
            }
            warnings.push(NEXT_LINE.to_owned());
            has_words = false;
        }
        for word in line.split(' ') {
            let length = word.chars().count() + 1;
            let fits_alone = SAME_LINE.len() + length <= COLUMNS;
            // A word that fits no line stands behind the name: a line with that alone says nothing.
            if (has_words || fits_alone) && !fits(&warnings, length) {
                warnings.push(SAME_LINE.to_owned());
            }
            append(&mut warnings, " ", word);
            has_words = true;
        }
    }
    warnings.iter().map(|text| warning(text)).collect()
}

/// True if so many characters more fit into the last warning.
fn fits(warnings: &[String], more: usize) -> bool {
    let last = warnings.last().map_or(0, |last| last.chars().count());
    last + more <= COLUMNS
}

fn append(warnings: &mut [String], separator: &str, text: &str) {
    if let Some(last) = warnings.last_mut() {
        last.push_str(separator);
        last.push_str(text);
    }
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

#[cfg(test)]
mod tests {
    use super::{WARNING_CHARACTERS, bounded, warning};

    #[test]
    fn a_text_is_cut_where_the_api_server_would_cut_it() {
        for (length, cut) in [(119, false), (120, false), (121, true), (1000, true)] {
            let shown = warning(&"x".repeat(length));
            assert_eq!(shown.len(), length.min(WARNING_CHARACTERS), "{length}");
            assert_eq!(shown.ends_with("..."), cut, "{length}");
        }
    }

    /// A finding of few lines leaves its room to the others.
    #[test]
    fn five_warnings_are_shown_and_the_others_counted() {
        let few = vec!["a".to_owned()];
        let many: Vec<String> = (1..=6).map(|number| number.to_string()).collect();
        assert_eq!(
            bounded(vec![few.clone(), many.clone()]),
            ["a", "1", "2", "3", "berth: ...and 3 more"]
        );
        assert_eq!(bounded(vec![few, many[..4].to_vec()]).len(), 5);
    }
}
