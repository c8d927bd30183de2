//! The judgement of a workload: the one place where the decision, its patch and the findings come from.
//!
//! `/mutate`, `/validate` and `berth explain` all call [`judge`]. Nothing else decides where a workload goes.

use super::patch::patch;
use crate::forecast::{self, Revision};
use crate::placement::{Basis, Counts, Decision, Snapshot, decide};
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

/// Decides where a pod of a workload goes: the next one of a controller that has these.
#[must_use]
pub fn judge<'w, 'p>(
    workload: &'w Workload<'w>,
    namespace: Namespace<'w>,
    snapshot: &'p Snapshot,
    counts: &Counts,
) -> Judged<'w, 'p> {
    let Snapshot {
        policy, catalogue, ..
    } = snapshot;
    Judged {
        workload,
        namespace,
        snapshot,
        decision: decide(&workload.pod, &namespace, policy, catalogue, counts),
    }
}

/// Joins the things that hold for the two sides of a split pool, each once.
pub fn each_once<T: PartialEq>(mut things: Vec<T>, others: impl IntoIterator<Item = T>) -> Vec<T> {
    for other in others {
        if !things.contains(&other) {
            things.push(other);
        }
    }
    things
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

    /// True if the pool is split, and the pod's own label names no side.
    #[must_use]
    pub fn chooses_side(&self) -> bool {
        let assigned = self.decision.assigned;
        assigned.is_some_and(|assigned| assigned.basis != Basis::Label)
    }

    /// Returns the counts before the first pod that goes to the other side of its pool. `None` if all go to one side.
    #[must_use]
    pub fn other_side(&self) -> Option<Counts> {
        let assigned = self.decision.assigned.filter(|_| self.chooses_side())?;
        let split = assigned.split;
        let position = split.positions(assigned.side.other()).next()?;
        Some(Counts::before(position, split))
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
