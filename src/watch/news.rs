//! What comes of a change: what to decide by, and what to tell of it.

use std::sync::Arc;

use super::availability::Availability;
use super::listing::Listing;
use super::update::{PolicyObject, Unreadable};
use crate::encoding::field::FieldError;
use crate::metrics::Metrics;
use crate::metrics::watching::Watched;
use crate::placement::Snapshot;
use crate::policy::Source;

/// What comes of a change.
#[derive(Debug)]
pub(super) struct News {
    /// What to decide by from now on; nothing where no policy could ever be used.
    pub(super) snapshot: Option<Snapshot>,
    /// Whether it is about the policy or the node pools, and not about namespaces alone.
    pub(super) of_policy: bool,
    /// What to say of the `PlacementPolicy`, where there is one.
    pub(super) judgement: Option<Judgement>,
    pub(super) source: Option<Source>,
    pub(super) refused: Option<FieldError>,
    pub(super) tell_refusal: bool,
    /// Node pools that could be read before, or were not there.
    pub(super) newly_unreadable: Vec<Unreadable>,
    pub(super) counts: [Count; 3],
    pub(super) is_first: bool,
}

/// What berth makes of a `PlacementPolicy`.
#[derive(Debug, Clone)]
pub(super) struct Judgement {
    pub(super) object: Arc<PolicyObject>,
    /// What it is in force with, or why it is not.
    pub(super) outcome: Result<Snapshot, FieldError>,
}

/// How many objects a watch knows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Count {
    watched: Watched,
    availability: Availability,
    objects: usize,
    unreadable: usize,
}

impl Count {
    pub(super) fn new<T: Clone + PartialEq>(
        watched: Watched,
        listing: &Listing<T>,
        unreadable: usize,
    ) -> Self {
        Self {
            watched,
            availability: listing.availability(),
            objects: listing.objects().len(),
            unreadable,
        }
    }

    /// In a few words: the number where there is one, else why there is none.
    fn summary(self) -> String {
        match self.availability {
            Availability::Listed => self.objects.to_string(),
            other => other.to_string(),
        }
    }
}

impl News {
    /// Tells metrics and the log.
    pub(super) fn report(&self, metrics: &Metrics) {
        let Self {
            snapshot,
            of_policy,
            judgement: _,
            source,
            refused,
            tell_refusal,
            newly_unreadable,
            counts,
            is_first,
        } = self;
        for error in newly_unreadable {
            tracing::error!(%error, "a NodePool cannot be read, and counts as absent");
        }
        for count in counts {
            let Count {
                watched,
                availability: _,
                objects,
                unreadable,
            } = *count;
            metrics.watching.objects(watched, objects, unreadable);
        }
        metrics.watching.policy_refused(refused.is_some());
        if *of_policy && let (Some(source), Some(snapshot)) = (source, snapshot) {
            metrics.watching.policy(*source, snapshot);
        }
        match refused {
            Some(error) if *tell_refusal && snapshot.is_some() => {
                tracing::error!(%error, "the policy cannot be used; the one before stays in force");
            }
            Some(error) if *tell_refusal => {
                tracing::error!(%error, "the policy cannot be used, and there is none before it: not ready");
            }
            None if *tell_refusal => tracing::info!("the policy can be used again"),
            _ => {}
        }
        if *is_first {
            let [node_pools, namespaces, policies] = counts.map(Count::summary);
            let policy = source.map(Source::as_str);
            tracing::info!(
                node_pools,
                namespaces,
                policies,
                policy,
                "following the cluster"
            );
        }
    }
}
