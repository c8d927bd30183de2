//! What there is to tell of the cluster that berth follows, and of the policy in force.

use std::sync::Arc;
use std::time::SystemTime;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::timestamp;
use crate::named::named;
use crate::placement::Snapshot;
use crate::policy::Source;

named! {
    /// What berth watches in a cluster.
    pub enum Watched {
        /// Karpenter's `NodePool`s.
        NodePools = "nodepools",
        /// The labels of the namespaces.
        Namespaces = "namespaces",
        /// The `PlacementPolicy`.
        Policies = "placementpolicies",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WatchedLabels {
    resource: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PolicyLabels {
    source: &'static str,
    mode: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PoolLabels {
    pool: Arc<str>,
}

/// The metrics of the watches and of the policy.
#[derive(Debug, Default)]
pub struct Watching {
    contact: Family<WatchedLabels, Gauge>,
    errors: Family<WatchedLabels, Counter>,
    objects: Family<WatchedLabels, Gauge>,
    unreadable: Family<WatchedLabels, Gauge>,
    policy_in_force: Family<PolicyLabels, Gauge>,
    policy_refused: Gauge,
    policy_status_errors: Counter,
    node_pools_missing: Family<PoolLabels, Gauge>,
}

impl Watching {
    pub(super) fn register(&self, all: &mut Registry) {
        let Self {
            contact,
            errors,
            objects,
            unreadable,
            policy_in_force,
            policy_refused,
            policy_status_errors,
            node_pools_missing,
        } = self;
        all.register_with_unit(
            "watch_contact_timestamp",
            "When the API server last answered a watch, in seconds since 1970; about a minute ago at most, while all is well",
            Unit::Seconds,
            contact.clone(),
        );
        all.register(
            "watch_errors",
            "Failures to list or to watch; what was known before stays in force",
            errors.clone(),
        );
        all.register(
            "watched_objects",
            "Objects that the watches know",
            objects.clone(),
        );
        all.register(
            "watched_objects_unreadable",
            "Those of them that berth cannot read, and takes for absent",
            unreadable.clone(),
        );
        all.register(
            "policy_in_force",
            "1 for where the policy in force comes from, and its mode",
            policy_in_force.clone(),
        );
        all.register(
            "policy_refused",
            "1 while the newest policy cannot be used, so that the one before stays in force; its status says why",
            policy_refused.clone(),
        );
        all.register(
            "policy_status_errors",
            "Failures to write the status of the PlacementPolicy",
            policy_status_errors.clone(),
        );
        all.register(
            "pool_node_pools_missing",
            "Node pools that a pool of the policy names and that do not exist",
            node_pools_missing.clone(),
        );
    }

    /// What one watch reports to.
    #[must_use]
    pub fn watch(&self, watched: Watched) -> Watch {
        let resource = watched.as_str();
        let labels = WatchedLabels { resource };
        Watch {
            contact: self.contact.get_or_create_owned(&labels),
            errors: self.errors.get_or_create_owned(&labels),
        }
    }

    /// Notes how many objects a watch knows, and how many of them cannot be read.
    pub fn objects(&self, watched: Watched, objects: usize, unreadable: usize) {
        let resource = watched.as_str();
        let labels = WatchedLabels { resource };
        self.objects.get_or_create(&labels).set(number(objects));
        self.unreadable
            .get_or_create(&labels)
            .set(number(unreadable));
    }

    /// Notes the policy in force, and how many of the node pools that each of its pools names do not exist.
    pub fn policy(&self, source: Source, snapshot: &Snapshot) {
        self.policy_in_force.clear();
        let labels = PolicyLabels {
            source: source.as_str(),
            mode: snapshot.policy.mode.as_str(),
        };
        self.policy_in_force.get_or_create(&labels).set(1);
        self.node_pools_missing.clear();
        for pool in snapshot.policy.pools() {
            let names = pool.node_pools.iter();
            let missing = names.filter(|name| snapshot.catalogue.get(name).is_none());
            let pool = Arc::clone(&pool.name);
            self.node_pools_missing
                .get_or_create(&PoolLabels { pool })
                .set(number(missing.count()));
        }
    }

    /// Notes whether the newest policy was refused.
    pub fn policy_refused(&self, refused: bool) {
        self.policy_refused.set(i64::from(refused));
    }

    /// Counts a status of the policy that could not be written.
    pub fn policy_status_error(&self) {
        self.policy_status_errors.inc();
    }
}

/// What one watch reports to.
#[derive(Debug, Clone)]
pub struct Watch {
    contact: Gauge,
    errors: Counter,
}

impl Watch {
    /// Notes that the API server has just answered.
    pub fn contact(&self) {
        self.contact.set(timestamp(SystemTime::now()));
    }

    /// Counts a failure.
    pub fn error(&self) {
        self.errors.inc();
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
