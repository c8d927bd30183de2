//! The counts that the page needs beyond the report's sums: by change, by namespace, and the pods that really go elsewhere.

use std::collections::BTreeMap;

use crate::cli::audit::report::{Change, Place, Report, Resources, Workload};
use crate::cli::audit::sides::staying;

/// The changes in the order in which a person wants to know of them.
pub(super) const CHANGES: [Change; 5] = [
    Change::Moves,
    Change::Blocked,
    Change::Stays,
    Change::LeftAlone,
    Change::NoPods,
];

/// A number of workloads, and of their pods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) workloads: u64,
    pub(super) pods: u64,
}

/// The workloads of a namespace.
#[derive(Debug, Default)]
pub(super) struct Namespace {
    pub(super) all: Count,
    pub(super) requests: Resources,
    pub(super) opted_in: bool,
    pub(super) moving: u64,
    pub(super) blocked: u64,
    pub(super) missed: u64,
}

/// The counts of a report.
#[derive(Debug, Default)]
pub(super) struct Tally<'r> {
    /// By change, in the order of [`CHANGES`].
    pub(super) changes: [Count; CHANGES.len()],
    /// The pods that are in a place that their workload's new pods would not be in. A pod that waits is in none.
    pub(super) moving: u64,
    /// The pods that wait for a node.
    pub(super) waiting: u64,
    /// The workloads whose new pods get a pool.
    pub(super) placed: u64,
    /// The workloads with a finding that denies nothing.
    pub(super) warned: u64,
    /// The workloads that are judged as if their namespace had opted in.
    pub(super) assumed: u64,
    pub(super) namespaces: BTreeMap<&'r str, Namespace>,
}

impl<'r> Tally<'r> {
    /// Counts a report.
    pub(super) fn of(report: &'r Report) -> Self {
        let mut tally = Self::default();
        for workload in &report.workloads {
            tally.add(workload);
        }
        tally
    }

    /// Returns the count of a change.
    pub(super) fn of_change(&self, change: Change) -> Count {
        let at = CHANGES.iter().position(|other| *other == change);
        at.map(|at| self.changes[at]).unwrap_or_default()
    }

    fn add(&mut self, workload: &'r Workload) {
        let moving = moving(workload);
        let is_blocked = workload.change == Change::Blocked;
        for (count, change) in self.changes.iter_mut().zip(CHANGES) {
            if change == workload.change {
                count.add(workload);
            }
        }
        self.moving += moving;
        self.waiting += waiting(workload);
        self.placed += u64::from(!is_blocked && !workload.then.node_pools.is_empty());
        self.warned += u64::from(!is_blocked && !workload.findings.is_empty());
        self.assumed += u64::from(workload.assumed);

        let namespace = self.namespaces.entry(&workload.namespace).or_default();
        namespace.all.add(workload);
        add(&mut namespace.requests, workload.requests);
        namespace.opted_in |= workload.opted_in;
        namespace.moving += moving;
        namespace.blocked += u64::from(is_blocked);
        namespace.missed += workload.missed;
    }
}

impl Count {
    fn add(&mut self, workload: &Workload) {
        self.workloads += 1;
        self.pods += workload.pods;
    }
}

/// Adds requests to a sum, which stays at its largest number when it is reached.
fn add(sum: &mut Resources, requests: Resources) {
    sum.cpu_millis = sum.cpu_millis.saturating_add(requests.cpu_millis);
    sum.memory_bytes = sum.memory_bytes.saturating_add(requests.memory_bytes);
}

/// Returns the pods of a workload that wait for a node: nothing is known of their place.
fn waiting(workload: &Workload) -> u64 {
    let shares = workload.now.iter();
    let waiting = shares.filter(|share| share.place == Place::default());
    waiting.map(|share| share.pods).sum()
}

/// Returns the pods of a workload that would be on another node pool. A node without a node pool is another one, too.
fn moving(workload: &Workload) -> u64 {
    if workload.change != Change::Moves {
        return 0;
    }
    let shares = workload.now.iter().zip(staying(workload));
    let others = shares.filter(|(share, _)| share.place != Place::default());
    others.map(|(share, staying)| share.pods - staying).sum()
}
