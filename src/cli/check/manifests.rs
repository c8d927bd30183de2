//! Manifests that are not applied yet.

use super::objects::objects;
use crate::cli::files::Inputs;
use crate::preflight::{Assessment, Severity, Stage, check_registration};

/// Checks manifests. Returns the assessment, and a message for all that could not be read or is missing. `warn` takes
/// what their authors may not expect of kubectl.
pub(super) fn check(inputs: &Inputs, warn: &mut dyn FnMut(&str)) -> (Assessment, Vec<String>) {
    let manifests = inputs.read();
    let mut values = Vec::new();
    let mut unread = Vec::new();
    for manifest in &manifests {
        for warning in &manifest.warnings {
            warn(&format!("warning: {warning}"));
        }
        values.extend(manifest.value());
        if let Err(error) = &manifest.content {
            unread.push(format!("{}: {error}", manifest.location));
        }
    }
    let assessment = check_registration(&objects(&values), Stage::Rendered);
    if assessment.webhooks == 0 && assessment.count(Severity::Error) == 0 {
        unread.push("the input holds no webhook of berth's: there is nothing to check".to_owned());
    }
    (assessment, unread)
}
