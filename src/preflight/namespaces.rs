//! Namespaces that carry a label which means nothing there, or the wrong thing.

use super::registration::Scene;
use super::{Finding, Severity};
use crate::names::{INJECTION_LABEL, SYSTEM_NAMESPACES};

/// The protected namespaces that have opted in nevertheless.
pub(super) fn judge(scene: &Scene, findings: &mut Vec<Finding>) {
    // Berth leaves all of them alone, wherever it is itself.
    let is_left_alone = |name: &str| SYSTEM_NAMESPACES.contains(&name) || scene.own.contains(name);
    for (name, labels) in &scene.namespaces {
        let opted_in = labels
            .get(INJECTION_LABEL)
            .is_some_and(|value| value == "enabled");
        if !opted_in || !is_left_alone(name) {
            continue;
        }
        findings.push(Finding {
            severity: Severity::Warning,
            object: format!("Namespace {name}"),
            webhook: String::new(),
            field: format!("metadata.labels[{INJECTION_LABEL}]"),
            message: "berth never places pods here; of a webhook that does not exclude the namespace by name, the label \
                alone makes its pods wait for berth"
                .to_owned(),
            remedy: format!("kubectl label namespace {name} {INJECTION_LABEL}-"),
        });
    }
}
