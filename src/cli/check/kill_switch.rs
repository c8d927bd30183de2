//! The command that takes berth out of the way, whatever state it is in.

use crate::label::is_subdomain;
use crate::names::SHIPPED_NAME;
use crate::preflight::Assessment;

/// Returns the command. The API server asks no webhook about these objects, so nothing can block it (R6.1).
pub(super) fn kill_switch(assessment: &Assessment) -> String {
    let names = assessment.configurations.iter().map(String::as_str);
    // People paste it into a shell.
    let mut names: Vec<&str> = names.filter(|name| is_subdomain(name)).collect();
    if names.is_empty() {
        names.push(SHIPPED_NAME);
    }
    let names = names.join(" ");
    format!("kubectl delete mutatingwebhookconfiguration,validatingwebhookconfiguration {names}")
}
