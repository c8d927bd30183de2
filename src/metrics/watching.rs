//! The metrics of the cluster that berth follows, and of the policy in force.

use std::sync::Arc;
use std::time::SystemTime;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Unit;

use super::registrar::Registrar;
use super::timestamp::timestamp;
use crate::named::named;
use crate::names::{ARCH_LABEL, INJECTION_LABEL, POOL_LABEL};
use crate::placement::Snapshot;
use crate::policy::Source;

named! {
    /// A kind of object that berth watches.
    pub enum Watched {
        /// Karpenter's `NodePool`s.
        NodePools = "nodepools",
        /// The namespaces, for their labels.
        Namespaces = "namespaces",
        /// The `PlacementPolicy`.
        Policies = "placementpolicies",
        /// The pods of split pools.
        Pods = "pods",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WatchedLabels {
    resource: &'static str,
}

named! {
    /// A label of a namespace that can be misspelt.
    enum MisspeltLabel {
        /// The label by which a namespace opts in or out.
        Injection = "injection",
        /// The label that names an architecture.
        Architecture = "arch",
        /// The label that names a pool.
        Pool = "pool",
        /// Any other key of berth's domain.
        Other = "other",
    }
}

impl MisspeltLabel {
    fn of(key: &str) -> Self {
        match key {
            INJECTION_LABEL => Self::Injection,
            ARCH_LABEL => Self::Architecture,
            POOL_LABEL => Self::Pool,
            _ => Self::Other,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MisspeltLabels {
    label: &'static str,
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

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    pool: Arc<str>,
    /// Karpenter's own metrics spell the label like this.
    nodepool: Arc<str>,
    state: &'static str,
}

/// The metrics of the watches and of the policy.
#[derive(Debug)]
pub struct Watching {
    contact: Family<WatchedLabels, Gauge>,
    errors: Family<WatchedLabels, Counter>,
    objects: Family<WatchedLabels, Gauge>,
    unreadable: Family<WatchedLabels, Gauge>,
    policy_in_force: Family<PolicyLabels, Gauge>,
    policy_refused: Gauge,
    policy_status_errors: Counter,
    node_pools_missing: Family<PoolLabels, Gauge>,
    node_pool_states: Family<StateLabels, Gauge>,
    namespaces_misspelt: Family<MisspeltLabels, Gauge>,
}

impl Watching {
    pub(super) fn new(all: &mut Registrar) -> Self {
        Self {
            contact: all.register_with_unit(
                "watch_contact_timestamp",
                "Time of the API server's last answer to a watch, in seconds since 1970; at most about a minute ago while all is well",
                Unit::Seconds,
                Family::default(),
            ),
            errors: all.register(
                "watch_errors",
                "Failures to list or to watch; what was known before stays in force",
                Family::default(),
            ),
            objects: all.register(
                "watched_objects",
                "Objects that the watches know",
                Family::default(),
            ),
            unreadable: all.register(
                "watched_objects_unreadable",
                "Watched objects that berth cannot read and counts as absent",
                Family::default(),
            ),
            policy_in_force: all.register(
                "policy_in_force",
                "1 for the source and the mode of the policy in force",
                Family::default(),
            ),
            policy_refused: all.register(
                "policy_refused",
                "1 while the newest policy cannot be used and the previous one stays in force; its status says why",
                Gauge::default(),
            ),
            policy_status_errors: all.register(
                "policy_status_errors",
                "Failures to write the status of the PlacementPolicy",
                Counter::default(),
            ),
            node_pools_missing: all.register(
                "pool_node_pools_missing",
                "Node pools that a pool of the policy names and that do not exist",
                Family::default(),
            ),
            node_pool_states: all.register(
                "node_pool_state",
                "1 for the state of each node pool that a pool of the policy names; Karpenter makes nodes of a ready one alone",
                Family::default(),
            ),
            namespaces_misspelt: all.register(
                "namespaces_misspelt",
                "Namespaces that have a label of berth's domain with a key or a value that berth does not know; the log names them",
                Family::default(),
            ),
        }
    }

    /// Returns the metrics of one watch.
    #[must_use]
    pub fn watch(&self, watched: Watched) -> WatchMetrics {
        let resource = watched.as_str();
        let labels = WatchedLabels { resource };
        WatchMetrics {
            contact: self.contact.get_or_create_owned(&labels),
            errors: self.errors.get_or_create_owned(&labels),
        }
    }

    /// Sets the number of objects that a watch knows, and the number of those that berth cannot read.
    pub fn objects(&self, watched: Watched, objects: usize, unreadable: usize) {
        let resource = watched.as_str();
        let labels = WatchedLabels { resource };
        self.objects.get_or_create(&labels).set(number(objects));
        self.unreadable
            .get_or_create(&labels)
            .set(number(unreadable));
    }

    /// Sets the policy in force, and the states of the node pools that its pools name.
    pub(super) fn policy(&self, source: Source, snapshot: &Snapshot) {
        self.policy_in_force.clear();
        let labels = PolicyLabels {
            source: source.as_str(),
            mode: snapshot.policy.mode.as_str(),
        };
        self.policy_in_force.get_or_create(&labels).set(1);
        self.node_pools_missing.clear();
        self.node_pool_states.clear();
        for pool in snapshot.policy.pools() {
            let mut missing = 0;
            for node_pool in pool.all_node_pools() {
                let state = snapshot.catalogue.state(node_pool);
                missing += i64::from(!state.is_there());
                let labels = StateLabels {
                    pool: Arc::clone(&pool.name),
                    nodepool: Arc::clone(node_pool),
                    state: state.as_str(),
                };
                self.node_pool_states.get_or_create(&labels).set(1);
            }
            let pool = Arc::clone(&pool.name);
            self.node_pools_missing
                .get_or_create(&PoolLabels { pool })
                .set(missing);
        }
    }

    /// Sets the number of namespaces with misspelt labels. `namespaces` has the keys of those labels, for each namespace.
    pub fn misspelt<'k>(&self, namespaces: impl Iterator<Item = Vec<&'k str>>) {
        let mut counts = [0; MisspeltLabel::ALL.len()];
        for keys in namespaces {
            for (count, label) in counts.iter_mut().zip(MisspeltLabel::ALL) {
                *count += i64::from(keys.iter().any(|key| MisspeltLabel::of(key) == *label));
            }
        }
        for (count, label) in counts.into_iter().zip(MisspeltLabel::ALL) {
            let label = label.as_str();
            self.namespaces_misspelt
                .get_or_create(&MisspeltLabels { label })
                .set(count);
        }
    }

    /// True while a kind of object is watched, or would be if berth might.
    pub(super) fn is_watched(&self, watched: Watched) -> bool {
        let resource = watched.as_str();
        self.contact.get(&WatchedLabels { resource }).is_some()
    }

    /// Removes the metrics of a watch that has ended.
    pub fn forget(&self, watched: Watched) {
        let resource = watched.as_str();
        let labels = WatchedLabels { resource };
        self.contact.remove(&labels);
        self.errors.remove(&labels);
        self.objects.remove(&labels);
        self.unreadable.remove(&labels);
    }

    /// Sets whether berth refuses the newest policy.
    pub fn policy_refused(&self, refused: bool) {
        self.policy_refused.set(i64::from(refused));
    }

    /// Counts a failure to write the status of the policy.
    pub fn policy_status_error(&self) {
        self.policy_status_errors.inc();
    }
}

/// The metrics of one watch. Clones share their values.
#[derive(Debug, Clone)]
pub struct WatchMetrics {
    contact: Gauge,
    errors: Counter,
}

impl WatchMetrics {
    /// Sets the time of the last contact to now.
    pub fn contact(&self) {
        self.contact.set(timestamp(SystemTime::now()));
    }

    /// Counts a failure to list or to watch.
    pub fn error(&self) {
        self.errors.inc();
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
