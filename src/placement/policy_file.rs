//! The policy as it is written: exactly the YAML, and nothing that is not in it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::catalogue::StaticNodePool;
use super::policy::{Action, Binding, Mode};
use super::selector::SelectorFile;

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
}

/// What a policy says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicySpec {
    /// Whether the policy as a whole changes anything.
    #[serde(default)]
    pub mode: Mode,
    /// The known architectures and the default one.
    pub architectures: ArchitecturesFile,
    /// The pools that workloads can ask for.
    pub pools: Vec<PoolFile>,
    /// The ordered rules; the first that matches wins.
    pub rules: Vec<RuleFile>,
    /// Node pools that no NodePool object describes.
    #[serde(default)]
    pub catalogue: Vec<StaticNodePool>,
    /// What each validation does.
    #[serde(default)]
    pub validation: ValidationFile,
}

/// The known architectures and the default one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchitecturesFile {
    /// The architectures that there are, in order of preference.
    pub known: Vec<String>,
    /// The one a pod gets that nobody chose one for.
    pub default: String,
}

/// A pool.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolFile {
    /// The name that workloads ask for.
    pub name: String,
    /// The node pools behind it.
    pub node_pools: Vec<String>,
    /// How pods are bound to them.
    #[serde(default)]
    pub binding: Binding,
    /// Annotations for every pod that is placed here.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// The namespaces that may use the pool; every one that opted in, where absent.
    #[serde(default)]
    pub namespaces: Option<SelectorFile>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// The rule's name, in metrics, logs and on the pods it places.
    pub name: String,
    /// Whether the rule changes anything.
    #[serde(default)]
    pub mode: Mode,
    /// Which pods it is for: all parts must match, and an absent part matches every pod.
    #[serde(default, rename = "match")]
    pub matches: MatchFile,
    /// Where they go.
    pub place: PlaceFile,
}

/// Which pods a rule is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MatchFile {
    /// The pod's labels.
    #[serde(default)]
    pub labels: Option<SelectorFile>,
    /// The pod's controller: one of these, each as `group/Kind`.
    #[serde(default)]
    pub controllers: Option<Vec<String>>,
    /// The namespace's labels.
    #[serde(default)]
    pub namespace_labels: Option<SelectorFile>,
    /// The pod's service account: one of these.
    #[serde(default)]
    pub service_accounts: Option<Vec<String>>,
    /// The pod's priority class: one of these.
    #[serde(default)]
    pub priority_classes: Option<Vec<String>>,
}

/// Where a rule's pods go: exactly one of the first three.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlaceFile {
    /// Into this pool.
    #[serde(default)]
    pub pool: Option<String>,
    /// Into the pool that this label of the pod names.
    #[serde(default)]
    pub pool_from_label: Option<String>,
    /// Nowhere: berth leaves them as they are.
    #[serde(default)]
    pub leave_alone: bool,
    /// The architecture, or `any`, where neither the pod nor its namespace says.
    #[serde(default)]
    pub architecture: Option<String>,
}

/// What each validation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
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
