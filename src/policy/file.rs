//! The policy as it is written: exactly the YAML, and nothing that is not in it.
//!
//! The schema of the custom resource is made of these types, and `kubectl explain` shows their comments: they speak to
//! whoever writes a policy. A bound that stands here holds for every source (see `bounds.rs`); so does a pattern,
//! which says to the API server what `making.rs` checks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::selector::SelectorFile;
use crate::named::named;
use crate::node::label::{KEY_PATTERN, LONGEST_KEY, LONGEST_NAME, NAME_PATTERN, key_validations};
use crate::node::{self, StaticNodePool};

/// The longest name of an object of the cluster.
const LONGEST_OBJECT_NAME: usize = 253;

/// The longest `group/Kind` that berth takes; a group alone may be as long.
const LONGEST_CONTROLLER: usize = 253;

/// The group, a DNS subdomain, which the core one has not, and the kind.
const CONTROLLER_PATTERN: &str =
    r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Z][A-Za-z0-9]*$";

/// A `PlacementPolicy` document.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyFile {
    /// `placement.truemark.io/v1alpha1`.
    pub api_version: String,
    /// `PlacementPolicy`.
    pub kind: String,
    /// The object's metadata.
    #[serde(default)]
    pub metadata: BTreeMap<String, serde_json::Value>,
    /// What the policy says.
    pub spec: PolicySpec,
    /// What berth said of it, where it comes out of a cluster.
    #[serde(default)]
    pub status: BTreeMap<String, serde_json::Value>,
}

/// What the policy says: which pools there are, which pods go to which, and what berth says of pods that ask for what
/// they cannot have.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "self.rules.all(r, !has(r.place.pool) || self.pools.exists(p, p.name == r.place.pool))",
        "message": "a rule's place.pool must be one of the policy's pools",
        "fieldPath": ".rules",
    },
    {
        "rule": "self.rules.all(r, !has(r.place.architecture) || r.place.architecture == 'any' || \
                 r.place.architecture in self.architectures.known)",
        "message": "a rule's place.architecture must be a known architecture or \"any\"",
        "fieldPath": ".rules",
    },
]))]
pub struct PolicySpec {
    /// Whether the policy as a whole changes anything: Audit is how to try it on a running cluster.
    #[serde(default)]
    pub mode: Mode,
    /// The architectures that nodes can have, and the default one.
    pub architectures: ArchitecturesFile,
    /// The pools that workloads can ask for, by name. A pool is its node pools, usually one for each architecture.
    #[schemars(
        length(max = 64),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub pools: Vec<PoolFile>,
    /// Which pods go to which pool, in this order: the first rule that matches decides, and nothing falls through to the
    /// next. Pods that no rule matches are left as they are.
    // Not a map by name for the API server: the order is the meaning, and two who apply rules must not share a list.
    #[schemars(
        length(max = 128),
        extend("x-kubernetes-list-type" = "atomic", "x-kubernetes-validations" = [{
            "rule": "self.all(r, self.exists_one(other, other.name == r.name))",
            "message": "two rules must not have one name",
        }])
    )]
    pub rules: Vec<RuleFile>,
    /// Node pools that no NodePool object describes, for nodes that carry their name all the same: as the label
    /// karpenter.sh/nodepool, or as another. Where berth reads NodePool objects, those replace all of these that are not
    /// external.
    #[serde(default)]
    #[schemars(
        length(max = 128),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub catalogue: Vec<StaticNodePool>,
    /// What each check of the validating webhook does: Deny, Warn or Off.
    #[serde(default)]
    pub validation: ValidationFile,
}

named! {
    /// Whether a decision is carried out.
    #[derive(Default, Deserialize, Serialize, JsonSchema)]
    pub enum Mode {
        /// Carried out.
        #[default]
        Enforce = "Enforce",
        /// Decided, counted and logged, and nothing changed.
        Audit = "Audit",
    }
}

/// The architectures that nodes can have, and the default one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "self.default == 'any' || self.default in self.known",
        "message": "the default must be a known architecture or \"any\"",
        "fieldPath": ".default",
    },
    {
        "rule": "!('any' in self.known)",
        "message": "\"any\" stands for all of them and is no architecture",
        "fieldPath": ".known",
    },
]))]
pub struct ArchitecturesFile {
    /// The architectures that there are, in order of preference, as the label kubernetes.io/arch has them.
    #[schemars(
        length(min = 1, max = 8),
        inner(length(max = LONGEST_NAME), regex(pattern = NAME_PATTERN)),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub known: Vec<String>,
    /// The one that a pod gets when neither it, nor the label placement.truemark.io/arch of its namespace, nor its rule
    /// says: a known one, or any.
    #[schemars(length(max = LONGEST_NAME))]
    pub default: String,
}

/// A pool: what a workload asks for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolFile {
    /// The name that workloads ask for, by the label placement.truemark.io/pool.
    #[schemars(length(max = LONGEST_NAME), regex(pattern = NAME_PATTERN))]
    pub name: String,
    /// The node pools behind it, by name. A pod gets those that have its architecture and that its own selectors allow.
    #[schemars(
        length(min = 1, max = 32),
        inner(length(max = LONGEST_NAME), regex(pattern = node::NODE_POOL_NAME_PATTERN)),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub node_pools: Vec<String>,
    /// How pods are bound to the node pools. Preferred is refused where one of them is tainted: a toleration that nothing
    /// binds would let the pod onto nodes that it was kept from before.
    #[serde(default)]
    pub binding: Binding,
    /// Annotations for every pod that is placed here, except where the pod has the key already.
    #[serde(default)]
    #[schemars(extend(
        "maxProperties" = 32,
        "additionalProperties" = {"type": "string", "maxLength": 1024},
        "x-kubernetes-validations" = key_validations()
    ))]
    pub annotations: BTreeMap<String, String>,
    /// The namespaces that may use the pool, by their labels. Without it, every namespace that opted in.
    #[serde(default, deserialize_with = "present")]
    pub namespaces: Option<SelectorFile>,
}

named! {
    /// How a pool binds its pods.
    #[derive(Default, Deserialize, Serialize, JsonSchema)]
    pub enum Binding {
        /// Pods run on the pool's node pools and nowhere else.
        #[default]
        Required = "Required",
        /// Pods run on the pool's node pools where they can.
        Preferred = "Preferred",
    }
}

/// A rule: which pods go where.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// The rule's name, in metrics, in logs and on the pods that it places. No two rules have the same.
    #[schemars(length(max = LONGEST_NAME), regex(pattern = NAME_PATTERN))]
    pub name: String,
    /// Whether the rule changes anything: Audit tries a single rule, as spec.mode tries them all.
    #[serde(default)]
    pub mode: Mode,
    /// Which pods it is for: all that is given must match. Without it, every pod.
    #[serde(default, rename = "match")]
    pub matches: MatchFile,
    /// Where they go: exactly one of pool, poolFromLabel and leaveAlone; optionally with an architecture.
    pub place: PlaceFile,
}

/// Which pods a rule is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MatchFile {
    /// The pod's labels.
    #[serde(default, deserialize_with = "present")]
    pub labels: Option<SelectorFile>,
    /// What made the pod, one of these, each as group/Kind: batch/Job, apps/ReplicaSet, argoproj.io/Workflow. Never
    /// batch/CronJob or apps/Deployment: they make a Job and a ReplicaSet, and those make the pod.
    #[serde(default, deserialize_with = "present")]
    #[schemars(
        length(max = 32),
        inner(length(max = LONGEST_CONTROLLER), regex(pattern = CONTROLLER_PATTERN)),
        extend("x-kubernetes-validations" = [
            {
                "rule": "!('apps/Deployment' in self)",
                "message": "apps/Deployment never controls a pod itself; use apps/ReplicaSet",
            },
            {
                "rule": "!('batch/CronJob' in self)",
                "message": "batch/CronJob never controls a pod itself; use batch/Job",
            },
        ])
    )]
    pub controllers: Option<Vec<String>>,
    /// The labels of the pod's namespace.
    #[serde(default, deserialize_with = "present")]
    pub namespace_labels: Option<SelectorFile>,
    /// The name of the pod's service account: one of these.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(max = 64), inner(length(max = LONGEST_OBJECT_NAME)))]
    pub service_accounts: Option<Vec<String>>,
    /// The name of the pod's priority class: one of these.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(max = 64), inner(length(max = LONGEST_OBJECT_NAME)))]
    pub priority_classes: Option<Vec<String>>,
}

/// Where a rule's pods go: exactly one of the first three.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "[has(self.pool), has(self.poolFromLabel), has(self.leaveAlone) && self.leaveAlone]\
             .exists_one(given, given)",
    "message": "needs exactly one of pool, poolFromLabel and leaveAlone: true",
}]))]
pub struct PlaceFile {
    /// Into this pool of the policy.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(max = LONGEST_NAME))]
    pub pool: Option<String>,
    /// Into the pool that this label of the pod names, by its key.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(max = LONGEST_KEY), regex(pattern = KEY_PATTERN))]
    pub pool_from_label: Option<String>,
    /// Nowhere: berth leaves them as they are.
    #[serde(default)]
    pub leave_alone: bool,
    /// The architecture where neither the pod nor its namespace says: a known one, or any.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(max = LONGEST_NAME))]
    pub architecture: Option<String>,
}

named! {
    /// What a validation does about what it finds.
    #[derive(Deserialize, Serialize, JsonSchema)]
    pub enum Action {
        /// Refuses the object.
        Deny = "Deny",
        /// Admits it with a warning.
        Warn = "Warn",
        /// Does not look.
        Off = "Off",
    }
}

/// What each check of the validating webhook does: Deny, Warn or Off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ValidationFile {
    /// The pool label names no pool.
    pub unknown_pool: Action,
    /// The namespace may not use the pool that the pod asks for or lets itself into.
    pub not_entitled: Action,
    /// No node of any kind could satisfy the pod's own selectors.
    pub contradiction: Action,
    /// No node pool fits.
    pub unschedulable: Action,
    /// The pod lets itself into a dedicated node pool that no rule places it in.
    pub self_placed: Action,
    /// A toleration of every taint, or of the one by which Karpenter drains a node.
    pub wildcard_toleration: Action,
    /// A label stands on the workload, where it has no effect, and not on its pod template.
    pub label_on_workload: Action,
    /// A `StatefulSet` with volume claims would run on spot alone.
    pub stateful_on_spot: Action,
    /// `nodeName` is set by hand.
    pub bound_by_author: Action,
    /// A pod that should have been placed was not.
    pub not_placed: Action,
}

impl Default for ValidationFile {
    fn default() -> Self {
        Self {
            unknown_pool: Action::Deny,
            not_entitled: Action::Deny,
            contradiction: Action::Deny,
            unschedulable: Action::Warn,
            self_placed: Action::Warn,
            wildcard_toleration: Action::Warn,
            label_on_workload: Action::Warn,
            stateful_on_spot: Action::Warn,
            bound_by_author: Action::Warn,
            not_placed: Action::Warn,
        }
    }
}

/// Reads a field that is there: `null` is no value, to the API server as to a file.
fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}
