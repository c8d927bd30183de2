//! The report of an audit: every workload as it is and as it would be, and the sums of all. Its JSON form is the contract
//! of `-o json`, which `docs/audit-report.md` describes.

use std::collections::BTreeMap;

use serde::Serialize;

/// The version of the report's form. A field that is added does not change it.
pub(super) const VERSION: u32 = 1;

/// The report of an audit.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    pub(super) version: u32,
    /// The origin: a cluster's address, or the names of files.
    pub(super) source: String,
    /// The policy that it is judged by: its mode and its pools, in the policy's order.
    pub(super) policy: PolicySummary,
    /// The workloads, by namespace, kind and name.
    pub(super) workloads: Vec<Workload>,
    /// The sums of all workloads, now and then.
    pub(super) sums: Sums,
    /// The pods that go from a place to a place, the largest first. Those that stay are among them.
    pub(super) flows: Vec<Flow>,
    /// The node pools, and whether their limits take what would come.
    pub(super) node_pools: Vec<NodePoolLoad>,
    /// The prices; `None` if none are given.
    pub(super) prices: Option<Prices>,
    /// Remarks on what could not be read, and what is assumed.
    pub(super) remarks: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PolicySummary {
    /// `flag`, `cluster` or `embedded`.
    pub(super) source: &'static str,
    /// `Enforce` or `Audit`.
    pub(super) mode: String,
    pub(super) pools: Vec<PoolSummary>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PoolSummary {
    pub(super) name: String,
    pub(super) node_pools: Vec<String>,
}

/// A workload: what a person made, with all its pods.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Workload {
    pub(super) namespace: String,
    pub(super) kind: String,
    pub(super) name: String,
    /// The replicas that it asks for; `None` if its kind has none, or it was not read.
    pub(super) replicas: Option<u64>,
    /// The pods that there are and have not ended.
    pub(super) pods: u64,
    /// The requests of these pods; those of the replicas if there is no pod.
    pub(super) requests: Resources,
    /// True if its namespace has opted in.
    pub(super) opted_in: bool,
    /// True if it is only judged as if its namespace had.
    pub(super) assumed: bool,
    /// The places where its pods are now. A pod that waits is in a place without a node pool.
    pub(super) now: Vec<Share>,
    /// The decision for pods that it creates from now on.
    pub(super) then: Then,
    /// The decision for those that go to the other side of a split pool; `None` if all go where `then` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) other_side: Option<OtherSide>,
    /// The change.
    pub(super) change: Change,
    /// The pods that berth should have placed and did not: in a namespace that opted in, and created without berth.
    pub(super) missed: u64,
    /// The findings that deny or warn.
    pub(super) findings: Vec<Finding>,
    /// The cost of its pods; `None` without prices.
    pub(super) cost: Option<Cost>,
}

/// CPU in thousandths of a core, and memory in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Resources {
    pub(super) cpu_millis: u64,
    pub(super) memory_bytes: u64,
}

/// A place of pods. A field is `None` if it is not known, as all are of a pod that waits.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Place {
    pub(super) node_pool: Option<String>,
    pub(super) capacity_type: Option<String>,
    pub(super) architecture: Option<String>,
    pub(super) zone: Option<String>,
}

/// The pods of a workload in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Share {
    #[serde(flatten)]
    pub(super) place: Place,
    pub(super) pods: u64,
}

/// The decision for pods to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Then {
    /// The reason, as metrics and annotations have it: `placed`, `conflict` …
    pub(super) reason: String,
    /// Why, for a person.
    pub(super) detail: Option<String>,
    /// True if it is decided and not carried out, in Audit.
    pub(super) audited: bool,
    /// True if the workload would be denied.
    pub(super) denied: bool,
    pub(super) rule: Option<String>,
    pub(super) pool: Option<String>,
    pub(super) node_pools: Vec<String>,
    /// The capacity types that these node pools offer.
    pub(super) capacity_types: Vec<String>,
    pub(super) architectures: Vec<String>,
}

/// The decision for the pods that go to the other side of a split pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OtherSide {
    /// The number of them, of the pods that there are; of the replicas if there is no pod.
    pub(super) pods: u64,
    #[serde(flatten)]
    pub(super) then: Then,
}

/// The difference between now and then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Change {
    /// Pods would go to other node pools than they are on.
    Moves,
    /// They would be bound to the node pools that they are on.
    Stays,
    /// berth leaves them alone, as they are.
    LeftAlone,
    /// They would be denied, or could run nowhere.
    Blocked,
    /// There are no pods to compare with.
    NoPods,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Finding {
    pub(super) check: String,
    /// `Deny` or `Warn`.
    pub(super) action: String,
    /// The fault, and the remedy.
    pub(super) lines: Vec<String>,
}

/// The sums over all pods.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sums {
    pub(super) workloads: u64,
    pub(super) pods: u64,
    pub(super) requests: Resources,
    /// The number of workloads of each change, by its name in JSON.
    pub(super) changes: BTreeMap<String, u64>,
    /// The number of workloads of each reason.
    pub(super) reasons: BTreeMap<String, u64>,
    pub(super) denied: u64,
    pub(super) warned: u64,
    pub(super) missed: u64,
    /// By pool; the key is empty for pods in no pool of the policy.
    pub(super) by_pool: BTreeMap<String, NowThen>,
    /// By capacity type: `spot`, `on-demand`, `reserved`; `either` where then may be one or the other; empty if unknown.
    pub(super) by_capacity_type: BTreeMap<String, NowThen>,
    /// By architecture; `either` and empty as above.
    pub(super) by_architecture: BTreeMap<String, NowThen>,
    pub(super) by_namespace: BTreeMap<String, NowThen>,
    pub(super) cost: Option<Cost>,
}

/// A sum now and then.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NowThen {
    pub(super) now: Sum,
    pub(super) then: Sum,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sum {
    pub(super) pods: u64,
    #[serde(flatten)]
    pub(super) requests: Resources,
}

/// Pods that go from a node pool to a pool. `None` is no node pool, or no pool.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Flow {
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    #[serde(flatten)]
    pub(super) sum: Sum,
}

/// A node pool, and what would come to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NodePoolLoad {
    pub(super) name: String,
    /// The pool of the policy that it is in.
    pub(super) pool: Option<String>,
    pub(super) now: Sum,
    /// All that may come: what a pool with several node pools gets is counted in each of them.
    pub(super) then_at_most: Sum,
    /// Its limits; `None` where it has none.
    pub(super) limit_cpu_millis: Option<u64>,
    pub(super) limit_memory_bytes: Option<u64>,
    /// True if the pool's node pools together take what would come; `None` if it cannot be known.
    pub(super) fits: Option<bool>,
}

/// The prices that costs come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Prices {
    /// The file, as it was named.
    pub(super) file: String,
    /// The number of offers that have a price above 0.
    pub(super) offers: u64,
    /// The way in which figures come from prices, for a person.
    pub(super) method: String,
}

/// US dollars an hour, now and then: a range each, since nobody knows which instance type is launched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cost {
    pub(super) now_low: f64,
    pub(super) now_high: f64,
    pub(super) then_low: f64,
    pub(super) then_high: f64,
}
