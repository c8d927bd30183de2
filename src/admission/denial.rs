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
