//! The metrics of split pools.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use super::policy_counters::{PolicyCounters, PolicyLabels};
use super::registrar::Registrar;
use crate::admission::Record;
use crate::policy::{Capacity, Policy};
use crate::split::PoolTally;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DecisionLabels {
    pool: Arc<str>,
    capacity: &'static str,
    basis: &'static str,
    mode: &'static str,
}

impl PolicyLabels for DecisionLabels {
    fn rule(&self) -> Option<&str> {
        None
    }

    fn pool(&self) -> Option<&str> {
        Some(&self.pool)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SideLabels {
    pool: Arc<str>,
    capacity: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PoolLabels {
    pool: Arc<str>,
}

/// The metrics of split pools. There are none while the policy has no split, or berth may not see pods.
#[derive(Debug)]
pub struct SplitMetrics {
    decisions: PolicyCounters<DecisionLabels>,
    pods: Family<SideLabels, Gauge>,
    asked: Family<SideLabels, Gauge>,
    misplaced: Family<PoolLabels, Gauge>,
    /// True while the pods that are there are known.
    is_counted: AtomicBool,
}

impl SplitMetrics {
    pub(super) fn new(all: &mut Registrar) -> Self {
        Self {
            decisions: all.register(
                "split_decisions",
                "Pods that went to a side of a split pool; basis is counts, lot (berth could not see pods) or label",
                PolicyCounters::default(),
            ),
            pods: all.register(
                "split_pods",
                "Pods of split pools that are there, by side; those that are done or being deleted do not count",
                Family::default(),
            ),
            asked: all.register(
                "split_pods_asked",
                "Pods that the splits ask for of those that are there, by side",
                Family::default(),
            ),
            misplaced: all.register(
                "split_pods_misplaced",
                "Pods that are on another side than the splits of their controllers ask for",
                Family::default(),
            ),
            is_counted: AtomicBool::default(),
        }
    }

    /// Counts a decision on a pod of a split pool.
    pub(super) fn decision(&self, record: &Record<'_>) {
        if let (Some(assigned), Some(pool)) = (record.assigned, &record.pool)
            && record.reason.is_placed()
        {
            let labels = DecisionLabels {
                pool: Arc::clone(pool),
                capacity: assigned.side.as_str(),
                basis: assigned.basis.as_str(),
                mode: record.mode.as_str(),
            };
            self.decisions.inc(labels);
        }
    }

    /// Follows the policy in force: of the pools of former policies, the oldest go.
    pub(super) fn follow(&self, policy: &Policy) {
        self.decisions.follow(policy);
    }

    /// Sets the pods that are there.
    pub fn set(&self, tallies: &[PoolTally]) {
        self.empty();
        self.is_counted.store(true, Ordering::Relaxed);
        for tally in tallies {
            let all = tally.on_demand + tally.spot;
            let sides = [
                (Capacity::OnDemand, tally.on_demand, tally.asked_on_demand),
                (Capacity::Spot, tally.spot, all - tally.asked_on_demand),
            ];
            for (side, pods, asked) in sides {
                let labels = SideLabels {
                    pool: Arc::clone(&tally.pool),
                    capacity: side.as_str(),
                };
                self.pods.get_or_create(&labels).set(number(pods));
                self.asked.get_or_create(&labels).set(number(asked));
            }
            let pool = Arc::clone(&tally.pool);
            let misplaced = self.misplaced.get_or_create(&PoolLabels { pool });
            misplaced.set(number(tally.misplaced));
        }
    }

    /// Shows no pods, since berth does not know them.
    pub fn clear(&self) {
        self.is_counted.store(false, Ordering::Relaxed);
        self.empty();
    }

    /// True while the pods that are there are known.
    pub(super) fn is_counted(&self) -> bool {
        self.is_counted.load(Ordering::Relaxed)
    }

    fn empty(&self) {
        self.pods.clear();
        self.asked.clear();
        self.misplaced.clear();
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
