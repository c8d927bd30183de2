//! The message of a denial, which the API server shows after the name of the webhook (R7.12).

use super::review::Denial;
use crate::policy::Action;
use crate::validation::Finding;

/// The longest message, in bytes: enough for the person who has to act on it, and no more than a status should hold.
const LONGEST: usize = 1024;

/// Returns the denial with all findings that deny the object, or `None` if none does.
pub(super) fn of_findings(findings: &[Finding]) -> Option<Denial> {
    let denying = findings
        .iter()
        .filter(|finding| finding.action == Action::Deny);
    let messages: Vec<String> = denying
        .map(|finding| format!("{}: {}", finding.check, finding.message()))
        .collect();
    if messages.is_empty() {
        return None;
    }
    let mut message = messages.join("; ");
    if message.len() > LONGEST {
        let end = message.floor_char_boundary(LONGEST - 3);
        message.truncate(end);
        message.push_str("...");
    }
    Some(Denial::Forbidden(message))
}

#[cfg(test)]
mod tests {
    use super::{Denial, LONGEST, of_findings};
    use crate::policy::Action;
    use crate::validation::{Check, Finding};

    fn finding(action: Action, line: &str) -> Finding {
        Finding {
            check: Check::UnknownPool,
            action,
            lines: vec![line.to_owned()],
        }
    }

    fn message(findings: &[Finding]) -> Option<String> {
        of_findings(findings).map(|denial| match denial {
            Denial::Forbidden(message) => message,
            Denial::Invalid(..) => unreachable!("a finding forbids"),
        })
    }

    #[test]
    fn only_what_denies_is_told() {
        let told = finding(Action::Warn, "a");
        assert_eq!(message(std::slice::from_ref(&told)), None);
        let found = message(&[told, finding(Action::Deny, "b"), finding(Action::Deny, "c")]);
        assert_eq!(found.as_deref(), Some("unknown-pool: b; unknown-pool: c"));
    }

    #[test]
    fn a_message_is_cut_at_a_kibibyte() {
        let before = "unknown-pool: ".len();
        for (length, cut) in [(LONGEST, false), (LONGEST + 1, true), (4 * LONGEST, true)] {
            let denying = finding(Action::Deny, &"x".repeat(length - before));
            let message = message(&[denying]).unwrap();
            assert_eq!(message.len(), LONGEST);
            assert_eq!(message.ends_with("x..."), cut);
        }
    }
}
