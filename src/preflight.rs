//! Judges a registration before, or while, the API server acts on it: could it keep pods from starting, berth's own above all?
//!
//! Worst cases count: any label may come to be on a namespace, except its name, which nobody can change.

mod conditions;
pub mod installation;
mod namespaces;
mod others;
mod registration;
mod rules;
mod webhook;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::named::named;
use registration::Scene;
pub use registration::{SERVICE, SHIPPED_NAME, SHIPPED_NAMESPACE};
use webhook::Judge;

named! {
    /// What a finding means.
    pub enum Severity {
        /// Berth's own pods, or those that the cluster needs, could be kept from starting; or nothing works at all.
        Error = "error",
        /// Something waits or fails that need not.
        Warning = "warning",
        /// What a choice costs.
        Note = "note",
    }
}

/// Where the objects come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Rendered, and not applied yet: what is filled in later may be empty.
    Rendered,
    /// From a cluster, as they are now.
    Live,
}

/// An object to judge.
#[derive(Debug, Clone, Copy)]
pub struct Object<'v> {
    /// Its API group; empty for the core group.
    pub group: &'v str,
    /// Its kind.
    pub kind: &'v str,
    /// Its namespace, where it has one.
    pub namespace: &'v str,
    /// Its name.
    pub name: &'v str,
    /// All of it.
    pub value: &'v Value,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it means.
    pub severity: Severity,
    /// Kind and name of the object.
    pub object: String,
    /// The webhook of the object; empty where it is about none.
    pub webhook: String,
    /// The path of the field; empty for the whole object.
    pub field: String,
    /// What could happen.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

/// All that was found.
#[derive(Debug, Default)]
pub struct Report {
    /// The findings, configuration by configuration.
    pub findings: Vec<Finding>,
    /// The names of berth's webhook configurations.
    pub configurations: BTreeSet<String>,
    /// How many webhooks of berth's were judged.
    pub webhooks: usize,
    /// Whether the API server refuses what it cannot ask one of them about.
    pub fails: bool,
}

impl Report {
    /// How many findings there are of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        let of_severity = |finding: &&Finding| finding.severity == severity;
        self.findings.iter().filter(of_severity).count()
    }
}

/// Judges the webhook configurations among the objects; namespaces and Deployments say more about them.
#[must_use]
pub fn judge(objects: &[Object<'_>], stage: Stage) -> Report {
    let mut report = Report::default();
    let configurations = registration::read(objects, &mut report.findings);
    let scene = Scene::new(&configurations, objects, stage);
    for configuration in &configurations {
        for (index, webhook) in configuration.webhooks.iter().enumerate() {
            let mut judge = Judge {
                scene: &scene,
                configuration,
                index,
                webhook,
                findings: &mut report.findings,
            };
            if configuration.is_berths(webhook, &scene.own) {
                judge.webhook();
                report.fails |= judge.fails();
                report.webhooks += 1;
                report.configurations.insert(configuration.name.to_owned());
            } else {
                judge.others();
            }
        }
    }
    namespaces::judge(&scene, &mut report.findings);
    report
}

/// The namespaces that berth's own service is in, as far as the configurations among the objects tell.
#[must_use]
pub fn own_namespaces(objects: &[Object<'_>]) -> BTreeSet<String> {
    let configurations = registration::read(objects, &mut Vec::new());
    registration::own_namespaces(&configurations)
}
