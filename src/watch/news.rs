//! The news that a change makes: a snapshot to decide by, and the notices that metrics and the log report.

use std::sync::Arc;

use super::availability::Availability;
use super::listing::Listing;
use super::misspelt::Misspelt;
use super::update::{PolicyObject, UnreadableNodePool};
use crate::encoding::field::FieldError;
use crate::metrics::Metrics;
use crate::metrics::watching::Watched;
use crate::node::State;
use crate::placement::Snapshot;
use crate::policy::Source;
use crate::validation::NamespaceFault;

/// The news that a change makes.
#[derive(Debug)]
pub(super) struct News {
    /// The snapshot to decide by from now on, or `None` if berth could not use any policy yet.
    pub(super) snapshot: Option<Snapshot>,
    /// The new assessment of the policy, or `None` if only namespaces have changed, and none that is misspelt.
    pub(super) assessment: Option<Assessment>,
    pub(super) counts: [Count; 3],
    /// The namespaces whose labels are misspelt, or `None` if they are the same as in the news before.
    pub(super) misspelt: Option<Misspelt>,
    pub(super) notices: Vec<Notice>,
    pub(super) states: Vec<StateChange>,
}

/// The policy after a change of the policy or of the node pools.
#[derive(Debug)]
pub(super) struct Assessment {
    /// The source of the policy in force, or `None` if berth could not use any policy yet.
    pub(super) in_force: Option<Source>,
    /// The judgement on the `PlacementPolicy`, or `None` if the cluster has none or the flag's policy comes first.
    pub(super) judgement: Option<Judgement>,
}

/// The judgement of berth on a `PlacementPolicy`.
#[derive(Debug, Clone)]
pub(super) struct Judgement {
    pub(super) object: Arc<PolicyObject>,
    /// The snapshot in which the policy is in force, or the field that keeps it from being so.
    pub(super) result: Result<Snapshot, FieldError>,
    /// The namespaces whose labels are misspelt.
    pub(super) misspelt: Misspelt,
}

/// A notice for metrics and the log, which each get it once.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// A node pool that is new, or that berth could read before, cannot be read.
    Unreadable(UnreadableNodePool),
    /// berth cannot use the newest policy, and has not said so with this error before.
    Refused(FieldError),
    /// berth can use the newest policy, and could not before.
    UsableAgain,
    /// The policy in force does something that is surely not meant, and did not before.
    Remark(FieldError),
    /// A namespace has a misspelt label, and had none before.
    Misspelt(Arc<str>, NamespaceFault),
    /// So many labels of namespaces are misspelt besides those that have a notice.
    MoreMisspelt(usize),
    /// The first snapshot is there, with the policy of this source.
    Following(Source),
}

/// A change of the state of a node pool that the policy in force names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StateChange {
    pub(super) node_pool: Arc<str>,
    /// The state before, or `None` if the policy did not name the node pool.
    pub(super) before: Option<State>,
    /// The state now, or `None` if the policy does not name the node pool any more.
    pub(super) now: Option<State>,
}

/// The number of objects that a watch knows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Count {
    watched: Watched,
    availability: Availability,
    objects: usize,
    unreadable: usize,
}

impl Count {
    /// Counts the objects of a listing. The caller has counted the unreadable ones.
    pub(super) fn new<T: Clone + PartialEq>(
        watched: Watched,
        listing: &Listing<T>,
        unreadable: usize,
    ) -> Self {
        Self {
            watched,
            availability: listing.availability(),
            objects: listing.objects().size(),
            unreadable,
        }
    }

    /// Returns the number of objects, or a word that says why there is no list.
    fn summary(self) -> String {
        match self.availability {
            Availability::Listed => self.objects.to_string(),
            Availability::Unknown | Availability::Absent | Availability::Forbidden => {
                self.availability.to_string()
            }
        }
    }
}

impl News {
    /// Sets the metrics, and logs the notices.
    pub(super) fn report(&self, metrics: &Metrics) {
        for count in self.counts {
            let Count {
                watched,
                availability: _,
                objects,
                unreadable,
            } = count;
            metrics.watching.objects(watched, objects, unreadable);
        }
        if let Some(misspelt) = &self.misspelt {
            let keys = misspelt.values().map(|faults| {
                let keys = faults.iter().map(|fault| fault.key.as_str());
                keys.collect::<Vec<_>>()
            });
            metrics.watching.misspelt(keys);
        }
        let in_force = self.assessment.as_ref().and_then(|policy| policy.in_force);
        if let (Some(source), Some(snapshot)) = (in_force, &self.snapshot) {
            metrics.policy(source, snapshot);
        }
        for change in &self.states {
            change.report();
        }
        for notice in &self.notices {
            self.report_notice(notice, metrics);
        }
    }

    fn report_notice(&self, notice: &Notice, metrics: &Metrics) {
        match notice {
            Notice::Unreadable(error) => {
                tracing::error!(%error, "a NodePool cannot be read, and counts as absent");
            }
            Notice::Refused(error) => {
                metrics.watching.policy_refused(true);
                if self.snapshot.is_some() {
                    tracing::error!(%error, "the policy cannot be used; the one before stays in force");
                } else {
                    tracing::error!(%error, "the policy cannot be used, and there is none before it: not ready");
                }
            }
            Notice::UsableAgain => {
                metrics.watching.policy_refused(false);
                tracing::info!("the policy can be used again");
            }
            Notice::Remark(remark) => {
                tracing::warn!(%remark, "the policy is in force, and does something that is surely not meant");
            }
            Notice::Misspelt(namespace, fault) => {
                let NamespaceFault {
                    key,
                    value,
                    message,
                } = fault;
                tracing::warn!(%namespace, key, value, fault = message, "a label of a namespace is misspelt");
            }
            Notice::MoreMisspelt(more) => {
                tracing::warn!(more, "further labels of namespaces are misspelt");
            }
            Notice::Following(source) => {
                let [node_pools, namespaces, policies] = self.counts.map(Count::summary);
                tracing::info!(
                    node_pools,
                    namespaces,
                    policies,
                    policy = source.as_str(),
                    "following the cluster"
                );
            }
        }
    }
}

impl StateChange {
    /// Logs the change. A node pool that is ready from the first is worth no line.
    fn report(&self) {
        let Self {
            node_pool,
            before,
            now,
        } = self;
        let node_pool = &**node_pool;
        match (before, now) {
            (Some(before), Some(now)) => {
                tracing::info!(node_pool, %before, state = %now, "a node pool of the policy has changed its state");
            }
            (None, Some(now)) if now.obstacle().is_some() => {
                tracing::info!(node_pool, state = %now, "a node pool of the policy makes no nodes");
            }
            (_, None) | (None, Some(_)) => {}
        }
    }
}
