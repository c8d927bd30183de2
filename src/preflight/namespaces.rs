//! Namespaces with a label that means nothing there, or the wrong thing.

use super::fault::{Fault, Severity};
use super::scene::Scene;
use crate::names::{INJECTION_LABEL, SYSTEM_NAMESPACES};
use crate::placement::opted_in;

/// Returns a fault for each namespace that has opted in although berth leaves it alone.
pub(super) fn needless_opt_ins(scene: &Scene) -> impl Iterator<Item = Fault> {
    let is_left_alone = |name: &str| SYSTEM_NAMESPACES.contains(&name) || scene.own.contains(name);
    let needless = scene
        .namespaces
        .iter()
        .filter(move |(name, labels)| opted_in(labels) && is_left_alone(name));
    needless.map(|(name, _)| Fault {
        severity: Severity::Warning,
        object: format!("Namespace {name}"),
        webhook: String::new(),
        field: format!("metadata.labels[{INJECTION_LABEL}]"),
        message: "berth never places pods here; if a webhook does not exclude the namespace by name, this label alone \
            makes its pods wait for berth"
            .to_owned(),
        remedy: format!("kubectl label namespace {name} {INJECTION_LABEL}-"),
    })
}
