//! Faults of a registration, and what they add up to.

use std::collections::BTreeSet;

use crate::named::named;

named! {
    /// The weight of a fault.
    pub enum Severity {
        /// It can keep berth's own pods, or pods that the cluster needs, from starting; or nothing works at all.
        Error = "error",
        /// Something waits or fails that need not.
        Warning = "warning",
        /// A choice has its price.
        Note = "note",
    }
}

/// A fault, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The weight.
    pub severity: Severity,
    /// Kind and name of the object.
    pub object: String,
    /// The webhook of the object; empty if the fault is in none.
    pub webhook: String,
    /// The path of the field; empty for the whole object.
    pub field: String,
    /// The possible consequence.
    pub message: String,
    /// The remedy.
    pub remedy: String,
}

/// The result of a check.
#[derive(Debug, Default)]
pub struct Assessment {
    /// The faults, configuration by configuration.
    pub faults: Vec<Fault>,
    /// The names of berth's webhook configurations.
    pub configurations: BTreeSet<String>,
    /// The number of berth's webhooks.
    pub webhooks: usize,
    /// The number of policies that are not applied yet.
    pub policies: usize,
    /// True if the API server refuses what it cannot ask one of berth's webhooks about.
    pub fails_closed: bool,
}

impl Assessment {
    /// Counts the faults of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        let of_severity = |fault: &&Fault| fault.severity == severity;
        self.faults.iter().filter(of_severity).count()
    }
}
