//! The findings, each with its place.

use serde_json::Value;

use super::inputs::Gathered;
use super::located::{Document, Origin, Place};
use crate::cli::files::LineSearch;
use crate::lint::{Flaw, Subject, lint};
use crate::preflight::Severity;

/// The findings, and what was looked at.
#[derive(Debug)]
pub(super) struct Report {
    /// The findings, file by file and line by line; those that are in no file come first.
    pub(super) findings: Vec<Found>,
    /// The number of policies.
    pub(super) policies: usize,
    /// True if the only one is the default policy, since there is no other.
    pub(super) is_default_policy: bool,
    /// The number of NodePool objects.
    pub(super) node_pools: usize,
    /// True if all node pools that the policies name are known, so that all lints apply.
    pub(super) is_whole: bool,
}

/// A finding.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) flaw: Flaw,
    /// The kind and the name of the object.
    pub(super) object: String,
    /// The place; `None` if it is in no file.
    pub(super) place: Option<Place>,
}

impl Report {
    /// Looks at all policies, each over all node pools.
    pub(super) fn of(gathered: &Gathered) -> Self {
        let node_pools = gathered.node_pools.iter();
        let node_pools: Vec<&Value> = node_pools.map(|document| &document.value).collect();
        let (mut lines, mut findings) = (LineSearch::new(), Vec::new());
        let mut is_whole = true;
        for policy in &gathered.policies {
            let found = lint(&policy.value, &node_pools, gathered.extent());
            is_whole &= found.is_whole;
            for flaw in found.flaws {
                findings.push(located(flaw, policy, gathered, &mut lines));
            }
        }
        let order = |found: &Found| (found.place.clone(), found.object.clone(), found.flaw.lint);
        findings.sort_by_cached_key(order);
        // A flaw that a node pool has by itself is found under each policy.
        findings.dedup();
        Self {
            findings,
            policies: gathered.policies.len(),
            is_default_policy: matches!(
                &gathered.policies[..],
                [Document {
                    origin: Origin::Embedded,
                    ..
                }]
            ),
            node_pools: gathered.node_pools.len(),
            is_whole,
        }
    }

    /// Returns the number of findings of a severity.
    pub(super) fn count(&self, severity: Severity) -> usize {
        let findings = self.findings.iter();
        findings
            .filter(|found| found.flaw.lint.severity() == severity)
            .count()
    }
}

fn located(flaw: Flaw, policy: &Document, gathered: &Gathered, lines: &mut LineSearch) -> Found {
    let document = match flaw.subject {
        Subject::Policy => policy,
        Subject::NodePool(position) => gathered.node_pools.get(position).unwrap_or(policy),
    };
    Found {
        object: document.label(),
        place: document.place(&flaw.path, &gathered.manifests, lines),
        flaw,
    }
}
