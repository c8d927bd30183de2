//! The judgement of a workload for both sides of a split pool.

use super::division::Division;
use crate::admission::{Judged, each_once, judge};
use crate::placement::{Counts, Snapshot};
use crate::pod::{Namespace, Workload};
use crate::validation::Finding;

/// The judgement of a workload for the first pod of each side of a split pool, or of a pod for the first of its controller's.
/// Of any other pool there is one.
pub(super) struct BothSides<'w, 'p> {
    pub(super) first: Judged<'w, 'p>,
    other: Option<Judged<'w, 'p>>,
}

impl<'w, 'p> BothSides<'w, 'p> {
    pub(super) fn of(
        workload: &'w Workload<'w>,
        namespace: Namespace<'w>,
        snapshot: &'p Snapshot,
    ) -> Self {
        let first = judge(workload, namespace, snapshot, &Counts::default());
        let other = first.other_side();
        let other = other.map(|counts| judge(workload, namespace, snapshot, &counts));
        Self { first, other }
    }

    /// Returns the division of the pods; `None` if all go to one side, or if the pool is not split.
    pub(super) fn division(&self, pods: Option<u32>) -> Option<Division<'p>> {
        Division::of(&self.first.decision, self.other.as_ref(), pods)
    }

    /// Returns the findings for both sides, each once, as the server has them.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let other = self.other.iter().flat_map(|other| other.findings("", None));
        each_once(self.first.findings("", None), other)
    }

    /// Returns the preferences that the placement of either side loses, each once.
    pub(super) fn lost_preferences(&self) -> Vec<String> {
        let other = self.other.iter().flat_map(Judged::lost_preferences);
        each_once(self.first.lost_preferences(), other)
    }
}
