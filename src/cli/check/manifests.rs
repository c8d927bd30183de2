//! Manifests that are not applied yet.

use crate::cli::files::Inputs;
use crate::cli::objects::objects;
use crate::preflight::{Assessment, Severity, check_manifests};

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
    let assessment = check_manifests(&objects(&values));
    let is_empty = assessment.webhooks == 0 && assessment.policies == 0;
    if is_empty && assessment.count(Severity::Error) == 0 {
        let none = "the input holds no webhook of berth's and no PlacementPolicy: there is nothing to check";
        unread.push(none.to_owned());
    }
    (assessment, unread)
}
