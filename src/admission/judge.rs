//! The judgement of a workload: the one place where the decision, its patch and the findings come from.
//!
//! `/mutate`, `/validate` and `berth explain` all call [`judge`]. Nothing else decides where a workload goes.

use super::patch::patch;
use crate::forecast::{self, Revision};
use crate::placement::{Decision, Snapshot, decide};
use crate::pod::{Namespace, Workload};
use crate::validation::{self, Finding};

/// A workload with the decision for its pods.
#[derive(Debug)]
pub struct Judged<'w, 'p> {
    workload: &'w Workload<'w>,
    namespace: Namespace<'w>,
    snapshot: &'p Snapshot,
    /// The decision. It borrows from the policy and the catalogue alone, so it outlives the request.
    pub decision: Decision<'p>,
}

/// Decides where the pods of a workload go.
#[must_use]
pub fn judge<'w, 'p>(
    workload: &'w Workload<'w>,
    namespace: Namespace<'w>,
    snapshot: &'p Snapshot,
) -> Judged<'w, 'p> {
    let Snapshot {
        policy, catalogue, ..
    } = snapshot;
    Judged {
        workload,
        namespace,
        snapshot,
        decision: decide(&workload.pod, &namespace, policy, catalogue),
    }
}

impl Judged<'_, '_> {
    /// Returns the JSON Patch that carries out the decision, in Audit too; empty if the pods need no additions.
    #[must_use]
    pub fn patch(&self) -> Vec<u8> {
        patch(&self.decision.edits, self.workload)
    }

    /// Returns the findings of the checks. `username` is the requesting user; `old` is the workload before an UPDATE.
    ///
    /// Audit mode does not change the findings; the caller must not deny on them.
    #[must_use]
    pub fn findings(&self, username: &str, old: Option<&Self>) -> Vec<Finding> {
        let old = old.map(Self::revision);
        validation::findings(&self.revision(), old.as_ref(), username)
    }

    /// Returns the preferences that the placement loses, each as a phrase.
    #[must_use]
    pub fn lost_preferences(&self) -> Vec<String> {
        forecast::lost_preferences(&self.revision())
    }

    fn revision(&self) -> Revision<'_> {
        let Self {
            workload,
            namespace,
            snapshot,
            decision,
        } = self;
        Revision {
            workload,
            namespace: *namespace,
            snapshot,
            decision,
        }
    }
}
