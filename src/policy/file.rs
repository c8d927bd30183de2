//! The policy's file, field for field as its author writes it.
//!
//! The schema of the custom resource is made from these types, and `kubectl explain` shows their comments, so the
//! comments speak to the author of a policy. A bound here holds for every source (see `shape.rs`). A pattern here does
//! too: it tells the API server to check what `making.rs` checks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::selector::SelectorFile;
use super::split::Split;
use crate::label::{
    KEY_PATTERN, LONGEST_KEY, LONGEST_NAME, NONEMPTY_VALUE_PATTERN, key_validations,
};
use crate::named::named;
use crate::node::{NODE_POOL_NAME_PATTERN, StaticNodePool};

/// The length of the longest name of a Kubernetes object.
const LONGEST_OBJECT_NAME: usize = 253;

/// The length of the longest `group/Kind` that berth takes. Kubernetes allows a group of that length, with a kind after
/// it.
const LONGEST_CONTROLLER: usize = 253;

/// The pattern of a controller: its group, which is a DNS subdomain, then `/` and its kind. The core group is left out.
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
    /// The object's metadata, which berth does not read.
    #[serde(default)]
    pub metadata: BTreeMap<String, serde_json::Value>,
    /// The contents of the policy, as they are written.
    pub spec: serde_json::Value,
    /// The status that berth wrote, if the object comes out of a cluster. berth does not read it.
    #[serde(default)]
    pub status: BTreeMap<String, serde_json::Value>,
}

// No condition here looks at the place of a rule, or at rules beside each other. The API server's message could not name
// the rule, since an expression that looks for it exceeds the budget, and a condition on the place would hide that one of
// its fields is misspelt. berth's webhook says all of it in a line.
/// The contents of the policy: the pools, the rules that send pods to them, and the actions on pods that ask for
/// something that they cannot have.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicySpec {
    /// The mode of the whole policy. Use Audit to try the policy on a running cluster.
    #[serde(default)]
    pub mode: Mode,
    /// The architectures that nodes can have, and the default choice.
    pub architectures: ArchitecturesFile,
    /// The pools that workloads can ask for. A pool consists of node pools, usually one for each architecture.
    #[schemars(
        length(max = 64),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub pools: Vec<PoolFile>,
    /// The rules that send pods to pools. Only the first rule that matches a pod applies to it, even if its pool cannot
    /// take the pod. berth leaves a pod that no rule matches as it is.
    // The API server must not treat the list as a map by name: the order matters, and two appliers must not share a
    // list.
    #[schemars(
        length(max = 128),
        extend("x-kubernetes-list-type" = "atomic")
    )]
    pub rules: Vec<RuleFile>,
    /// Node pools that berth knows without a NodePool object. Their nodes carry the name of their node pool as a label:
    /// karpenter.sh/nodepool or another one. If berth can read the NodePool objects of the cluster, they replace all
    /// entries that are not external.
    #[serde(default)]
    #[schemars(
        length(max = 128),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub catalogue: Vec<StaticNodePool>,
    /// The action of each check of the validating webhook: Deny, Warn or Off.
    #[serde(default)]
    pub validation: Validation,
}

named! {
    /// The effect of a decision.
    #[derive(Default, Deserialize, Serialize, JsonSchema)]
    pub enum Mode {
        /// berth carries out its decisions.
        #[default]
        Enforce = "Enforce",
        /// berth decides, counts and logs, and changes nothing.
        Audit = "Audit",
    }
}

/// The architectures that nodes can have, and the default choice.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "self.default == 'any' || self.default in self.known",
        "message": "the default must be a known architecture or \"any\"",
        "messageExpression": "'\"' + self.default + '\" is not a known architecture (' + self.known.join(', ') + \
                              ') or \"any\"'",
        "fieldPath": ".default",
    },
    {
        "rule": "!('any' in self.known)",
        "message": "\"any\" stands for all of them and is no architecture",
        "fieldPath": ".known",
    },
]))]
pub struct ArchitecturesFile {
    /// The values of the label kubernetes.io/arch on the nodes, in order of preference.
    #[schemars(
        length(min = 1, max = 8),
        inner(length(max = LONGEST_NAME), regex(pattern = NONEMPTY_VALUE_PATTERN)),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub known: Vec<String>,
    /// The architecture for a pod if neither the pod, nor the label placement.truemark.io/arch of its namespace, nor
    /// its rule chooses one. It is a known architecture, or "any".
    #[schemars(length(max = LONGEST_NAME))]
    pub default: String,
}

/// A pool: a set of node pools under the name that workloads ask for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "!has(self.onDemand) || !self.onDemand.nodePools.exists(name, name in self.nodePools)",
        "message": "a node pool cannot be on both sides of the split",
        "messageExpression": "'pool \"' + self.name + '\": a node pool cannot be on both sides of the split'",
        "fieldPath": ".onDemand.nodePools",
    },
]))]
pub struct PoolFile {
    /// The pool's name, which workloads give as the value of the label placement.truemark.io/pool.
    #[schemars(length(max = LONGEST_NAME), regex(pattern = NONEMPTY_VALUE_PATTERN))]
    pub name: String,
    /// The names of its node pools. A pod gets those that offer its architecture and that its own selectors allow.
    #[schemars(
        length(min = 1, max = 32),
        inner(length(max = LONGEST_NAME), regex(pattern = NODE_POOL_NAME_PATTERN)),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub node_pools: Vec<String>,
    /// Sends a part of each controller's pods to node pools of their own, on demand. The other pods run on the pool's
    /// nodePools. A controller is a ReplicaSet, a StatefulSet, a Job, or whatever else a pod names as its own. To count its
    /// pods, berth needs the right to list and watch pods, which is installed on its own (deploy/count-pods, or countPods
    /// in the chart's values). Without the right it draws lots by the percentage, and cannot keep the base.
    #[serde(default, deserialize_with = "present")]
    pub on_demand: Option<OnDemandFile>,
    /// The binding of pods to the node pools. berth refuses Preferred for a pool with a tainted node pool: the
    /// toleration, with no binding beside it, would let pods run on nodes that keep them off now.
    #[serde(default)]
    pub binding: Binding,
    /// The annotations for every pod that is placed here. berth adds those whose keys the pod does not have yet.
    #[serde(default)]
    #[schemars(extend(
        "maxProperties" = 32,
        "additionalProperties" = {"type": "string", "maxLength": 1024},
        "x-kubernetes-validations" = key_validations()
    ))]
    pub annotations: BTreeMap<String, String>,
    /// The selector of the namespaces that may use the pool, by their labels. Without it, every namespace that opted in
    /// may.
    #[serde(default, deserialize_with = "present")]
    pub namespaces: Option<SelectorFile>,
}

/// The on-demand side of a pool. Of n pods of one controller, the base and the percentage of the n - base others, rounded
/// up, run here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OnDemandFile {
    /// The names of the side's node pools. None of them may be one of the pool's nodePools.
    #[schemars(
        length(min = 1, max = 32),
        inner(length(max = LONGEST_NAME), regex(pattern = NODE_POOL_NAME_PATTERN)),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub node_pools: Vec<String>,
    /// The number of each controller's pods that run here before any runs on the pool's nodePools. The annotation
    /// placement.truemark.io/on-demand-base-capacity of a pod template sets another number for its pods.
    #[serde(default)]
    #[schemars(range(max = Split::MOST_BASE), extend("format" = "int32"))]
    pub base_capacity: u32,
    /// The percentage of each controller's other pods that run here, rounded up to whole pods. The annotation
    /// placement.truemark.io/on-demand-percentage-above-base-capacity of a pod template sets another percentage for
    /// its pods.
    #[serde(default)]
    #[schemars(range(max = Split::MOST_PERCENTAGE), extend("format" = "int32"))]
    pub percentage_above_base_capacity: u32,
}

named! {
    /// The binding of a pool's pods.
    #[derive(Default, Deserialize, Serialize, JsonSchema)]
    pub enum Binding {
        /// Pods run only on the pool's node pools.
        #[default]
        Required = "Required",
        /// Pods run on the pool's node pools if they can, and elsewhere if not.
        Preferred = "Preferred",
    }
}

/// A rule, which sends the pods that it matches to a place.
// The conditions stand here and not at the fields, because the messages name the rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "!has(self.match) || !has(self.match.controllers) || !('apps/Deployment' in self.match.controllers)",
        "message": "apps/Deployment never controls a pod itself; use apps/ReplicaSet",
        "messageExpression": "'rule \"' + self.name + '\": apps/Deployment never controls a pod itself; use apps/ReplicaSet'",
        "fieldPath": ".match.controllers",
    },
    {
        "rule": "!has(self.match) || !has(self.match.controllers) || !('batch/CronJob' in self.match.controllers)",
        "message": "batch/CronJob never controls a pod itself; use batch/Job",
        "messageExpression": "'rule \"' + self.name + '\": batch/CronJob never controls a pod itself; use batch/Job'",
        "fieldPath": ".match.controllers",
    },
]))]
pub struct RuleFile {
    /// The rule's name, as metrics, logs and the annotations of placed pods show it. No two rules may have the same
    /// name.
    #[schemars(length(max = LONGEST_NAME), regex(pattern = NONEMPTY_VALUE_PATTERN))]
    pub name: String,
    /// The mode of this rule. Use Audit to try a single rule; spec.mode: Audit overrides the mode of all rules.
    #[serde(default)]
    pub mode: Mode,
    /// The conditions on the pods. A pod must meet all that are given. Without any, the rule matches every pod.
    #[serde(default, rename = "match")]
    pub matches: MatchFile,
    /// The place that the pods go to: exactly one of pool, poolFromLabel, poolFromNamespaceLabel and leaveAlone, and
    /// optionally an architecture.
    pub place: PlaceFile,
}

/// The conditions of a rule. A pod must meet all that are given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MatchFile {
    /// The pod's labels must match this selector.
    #[serde(default, deserialize_with = "present")]
    pub labels: Option<SelectorFile>,
    /// The pod's controller must be one of these, each given as group/Kind: batch/Job, apps/ReplicaSet,
    /// argoproj.io/Workflow. batch/CronJob and apps/Deployment are refused: they make a Job and a ReplicaSet, which
    /// then make the pod.
    #[serde(default, deserialize_with = "present")]
    #[schemars(
        length(max = 32),
        inner(length(max = LONGEST_CONTROLLER), regex(pattern = CONTROLLER_PATTERN))
    )]
    pub controllers: Option<Vec<String>>,
    /// The labels of the pod's namespace must match this selector.
    #[serde(default, deserialize_with = "present")]
    pub namespace_labels: Option<SelectorFile>,
    /// The name of the pod's service account must be one of these.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(max = 64), inner(length(max = LONGEST_OBJECT_NAME)))]
    pub service_accounts: Option<Vec<String>>,
    /// The name of the pod's priority class must be one of these.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(max = 64), inner(length(max = LONGEST_OBJECT_NAME)))]
    pub priority_classes: Option<Vec<String>>,
}

/// The place that a rule's pods go to: exactly one of pool, poolFromLabel, poolFromNamespaceLabel and leaveAlone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlaceFile {
    /// The name of one of the policy's pools.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(max = LONGEST_NAME))]
    pub pool: Option<String>,
    /// The key of the label by which the pod names its pool.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(max = LONGEST_KEY), regex(pattern = KEY_PATTERN))]
    pub pool_from_label: Option<String>,
    /// The key of the label by which the pod's namespace names the pool. The rule matches only pods of namespaces that
    /// have the label.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(max = LONGEST_KEY), regex(pattern = KEY_PATTERN))]
    pub pool_from_namespace_label: Option<String>,
    /// Set it to true to have berth leave the pods as they are.
    #[serde(default)]
    pub leave_alone: bool,
    /// The architecture for a pod if neither the pod nor its namespace chooses one. It is a known architecture, or
    /// "any".
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(max = LONGEST_NAME))]
    pub architecture: Option<String>,
}

named! {
    /// The action of a check on an object in which it finds something.
    #[derive(Deserialize, Serialize, JsonSchema)]
    pub enum Action {
        /// The webhook refuses the object.
        Deny = "Deny",
        /// The webhook admits the object with a warning.
        Warn = "Warn",
        /// The check does not run.
        Off = "Off",
    }
}

/// The action of each check of the validating webhook: Deny, Warn or Off.
// Both the file and the policy hold this type: every value of it is valid, so a second type would add nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Validation {
    /// The pool label, on the pod or its namespace, names no pool.
    pub unknown_pool: Action,
    /// The label for the architecture, on the pod or on its namespace, names none.
    pub unknown_architecture: Action,
    /// The namespace may not use the pool that the pod asks for or lets itself into.
    pub not_entitled: Action,
    /// The pod's own selectors contradict each other: no node can meet them all.
    pub contradiction: Action,
    /// Karpenter makes no node for the pod: no node pool fits, or none of its placement can make a node now.
    pub unschedulable: Action,
    /// The cluster has no node pool of the pool that the pod asks for or falls into, so the pod runs wherever it fits.
    pub pool_unavailable: Action,
    /// A label or an annotation of berth's domain is misspelt, or has a value that has no effect.
    pub unknown_label: Action,
    /// The heaviest preference of the pod names a label that Karpenter may not put on a node, so the pod waits.
    pub restricted_preference: Action,
    /// The pods are to spread over the values of a label of which their placement leaves only one.
    pub split_domains: Action,
    /// The pod lets itself into a dedicated node pool that no rule places it in.
    pub self_placed: Action,
    /// The pod tolerates every taint, or the taint by which Karpenter drains a node.
    pub wildcard_toleration: Action,
    /// A label of berth's is on the workload, on which it has no effect, and not on the pod template.
    pub label_on_workload: Action,
    /// A StatefulSet with volume claims would run only on spot nodes.
    pub stateful_on_spot: Action,
    /// The author of the pod set its nodeName.
    pub bound_by_author: Action,
    /// The mutating webhook did not place a pod that it should have placed.
    pub not_placed: Action,
}

impl Default for Validation {
    fn default() -> Self {
        Self {
            unknown_pool: Action::Deny,
            unknown_architecture: Action::Deny,
            not_entitled: Action::Deny,
            contradiction: Action::Deny,
            unschedulable: Action::Warn,
            pool_unavailable: Action::Warn,
            unknown_label: Action::Warn,
            restricted_preference: Action::Deny,
            split_domains: Action::Warn,
            self_placed: Action::Warn,
            wildcard_toleration: Action::Warn,
            label_on_workload: Action::Warn,
            stateful_on_spot: Action::Warn,
            bound_by_author: Action::Warn,
            not_placed: Action::Warn,
        }
    }
}

/// Reads a field that is present. `null` is refused: the API server refuses it too.
fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}
