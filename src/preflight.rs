//! Checks a registration before the API server acts on it, or while it does: could it keep pods from starting, and
//! berth's own above all?
//!
//! It assumes the worst: a namespace may get any label, except another name, which nobody can give it.

mod chain;
mod configuration;
mod counting;
mod fault;
pub mod installation;
mod namespaces;
mod object;
mod policies;
mod scene;
mod webhook;

pub use counting::splits_pools;
pub use fault::{Assessment, Fault, Severity};
pub use object::Object;
pub use scene::Stage;

use std::collections::BTreeSet;

use scene::Scene;
use webhook::Inspection;

/// Checks manifests that are not applied yet: the webhook configurations, and the policies.
#[must_use]
pub fn check_manifests(objects: &[Object<'_>]) -> Assessment {
    let mut assessment = check_registration(objects, Stage::Rendered);
    let (faults, policies) = policies::check(objects);
    assessment.faults.extend(faults);
    assessment.policies = policies;
    assessment
}

/// Checks the webhook configurations among the objects. Namespaces and Deployments say more about them.
#[must_use]
pub fn check_registration(objects: &[Object<'_>], stage: Stage) -> Assessment {
    let mut assessment = Assessment::default();
    let configurations = configuration::read(objects, &mut assessment.faults);
    let scene = Scene::new(&configurations, objects, stage);
    for configuration in &configurations {
        for (index, webhook) in configuration.webhooks.iter().enumerate() {
            let mut inspection = Inspection {
                scene: &scene,
                configuration,
                index,
                webhook,
                faults: &mut assessment.faults,
            };
            if configuration.is_berths(webhook, &scene.own) {
                webhook::inspect(&mut inspection);
                assessment.fails_closed |= inspection.fails_closed();
                assessment.webhooks += 1;
                let name = configuration.name.to_owned();
                assessment.configurations.insert(name);
            } else {
                webhook::inspect_foreign(&mut inspection);
            }
        }
    }
    assessment
        .faults
        .extend(namespaces::needless_opt_ins(&scene));
    assessment
}

/// Returns the namespaces of berth's own service, as far as the webhook configurations among the objects tell.
#[must_use]
pub fn own_namespaces(objects: &[Object<'_>]) -> BTreeSet<String> {
    let configurations = configuration::read(objects, &mut Vec::new());
    configuration::own_namespaces(&configurations)
}
