//! The documents of a case file, field for field as their author writes them.
//!
//! The schema for editors is made from these types, and editors show their comments, so the comments speak to the author of
//! a case.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::placement::{Reason, Siblings};
use crate::policy::Mode;
use crate::validation::Check;

/// The labels of namespaces, by the namespaces' names.
pub(super) type NamespaceFile = BTreeMap<String, BTreeMap<String, String>>;

/// A version of the format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Version {
    /// The first version.
    #[default]
    #[serde(rename = "v1")]
    V1,
}

/// The first document of a case file, if it has a version: what holds for all cases of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Header {
    /// The version of the format: v1. A file without a first document like this one is of v1, too.
    pub version: Version,
    /// The policy that the cases are judged by: a file, seen from this one. Without it, the default policy applies.
    #[serde(default)]
    pub policy_file: Option<String>,
    /// The node pools that there are: files and directories of Karpenter NodePools, seen from this file. Without them there
    /// are those of the policy's own catalogue, or those of the default policy.
    #[serde(default)]
    pub node_pool_files: Vec<String>,
    /// The namespaces that berth knows, each with its labels. Without them it knows the namespace of the object, which has
    /// opted in.
    #[serde(default)]
    #[schemars(extend("additionalProperties" = {"type": "object", "additionalProperties": {"type": "string"}}))]
    pub namespaces: Option<NamespaceFile>,
}

/// A case: an object, the world that it is created in, and what is expected of berth.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Case {
    /// The behaviour, as a sentence. No two cases of a file have the same name.
    #[schemars(length(min = 1))]
    pub name: String,
    /// The names or numbers of the rules that the case shows, for its readers and for --filter.
    #[serde(default)]
    pub rule: Vec<String>,
    /// Fields of the policy's spec that replace those of the policy.
    #[serde(default)]
    pub policy: Option<Map<String, Value>>,
    /// The policy, in place of that of the file's first document: a file, seen from this one.
    #[serde(default)]
    pub policy_file: Option<String>,
    /// The node pools, in place of those of the file's first document: files and directories, seen from this file.
    #[serde(default)]
    pub node_pool_files: Option<Vec<String>>,
    /// The node pools of the cluster, if they are not all: names of those that there are, NodePool objects, or entries as in
    /// a policy's catalogue. They are added to the policy's own catalogue.
    #[serde(default)]
    #[schemars(extend("items" = {"type": ["string", "object"]}))]
    pub node_pools: Option<Vec<Value>>,
    /// The namespaces that berth knows, each with its labels, in place of those of the file's first document.
    #[serde(default)]
    #[schemars(extend("additionalProperties" = {"type": "object", "additionalProperties": {"type": "string"}}))]
    pub namespaces: Option<NamespaceFile>,
    /// The namespace that berth runs in.
    #[serde(default)]
    pub own_namespace: Option<String>,
    /// The pods that the controller has already in a pool that is split. Without it there are none.
    #[serde(default)]
    pub siblings: Option<SiblingsFile>,
    /// Fields of the API server's request that replace those of a CREATE by the Job controller, such as operation, oldObject
    /// and userInfo.
    #[serde(default)]
    pub request: Option<Map<String, Value>>,
    /// The object: a Pod, unless its apiVersion and kind say otherwise. Its namespace is team-a, unless it names one.
    #[serde(default)]
    #[schemars(extend("type" = ["object", "null"]))]
    pub object: Value,
    /// The object as text, if YAML cannot say it.
    #[serde(default)]
    pub object_text: Option<String>,
    /// A file, seen from this one, that holds a whole AdmissionReview in place of request and object.
    #[serde(default)]
    pub review_file: Option<String>,
    /// Set it to true if berth was down when the pod was created: the validating side gets it as it is written, and not with
    /// the patch.
    #[serde(default)]
    pub missed: bool,
    /// The outcome. Without it, berth test --update writes it.
    #[serde(default)]
    pub expect: Option<Expect>,
}

/// The pods that the controller of a pod has already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SiblingsFile {
    /// The number of those on demand.
    #[serde(default)]
    #[schemars(range(max = Self::MOST))]
    pub on_demand: u32,
    /// The number of those on spot.
    #[serde(default)]
    #[schemars(range(max = Self::MOST))]
    pub spot: u32,
    /// Set it to true if berth may not see the pods, so that it draws lots.
    #[serde(default)]
    pub unknown: bool,
}

impl SiblingsFile {
    /// The most pods on a side.
    const MOST: u32 = 100_000;

    /// Returns the pods; `None` if berth may not see them.
    #[must_use]
    pub(super) fn siblings(self) -> Option<Siblings> {
        let count = |pods: u32| pods.min(Self::MOST) as usize;
        (!self.unknown).then(|| Siblings::counted(count(self.on_demand), count(self.spot)))
    }
}

/// The expected outcome. A field that is not named is not compared; null and [] say that there must be nothing.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expect {
    /// The reason of the decision, such as placed.
    #[serde(default)]
    #[schemars(extend("enum" = Reason::ALL.iter().map(|reason| reason.as_str()).collect::<Vec<_>>()))]
    pub reason: Option<String>,
    /// The obstacle, as berth explain shows it.
    #[serde(default, deserialize_with = "named_field")]
    pub detail: Option<TextOrNone>,
    /// The rule of the policy.
    #[serde(default, deserialize_with = "named_field")]
    pub rule: Option<TextOrNone>,
    /// The pool.
    #[serde(default, deserialize_with = "named_field")]
    pub pool: Option<TextOrNone>,
    /// The side of the pool, if it is split: on-demand or spot.
    #[serde(default, deserialize_with = "named_field")]
    pub capacity: Option<TextOrNone>,
    /// The node pools that the pods may go to, in the policy's order.
    #[serde(default)]
    pub node_pools: Option<Vec<String>>,
    /// The architectures, in the policy's order.
    #[serde(default)]
    pub architectures: Option<Vec<String>>,
    /// The mode of the decision: Enforce or Audit.
    #[serde(default)]
    #[schemars(extend("enum" = Mode::ALL.iter().map(|mode| mode.as_str()).collect::<Vec<_>>()))]
    pub mode: Option<String>,
    /// The operations of the JSON Patch, all of them and in order; [] if berth must change nothing.
    #[serde(default)]
    #[schemars(extend("items" = {"type": "object"}))]
    pub patch: Option<Vec<Value>>,
    /// A part of the patched object: its maps may hold more, its lists may not. null stands for a field that is not there.
    #[serde(default)]
    pub after: Option<Map<String, Value>>,
    /// The answer of the validating side.
    #[serde(default)]
    pub validate: Option<Validate>,
}

/// A text, or null if there must be none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TextOrNone(pub Option<String>);

/// The expected answer of the validating side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Validate {
    /// The message of the denial; null if the object must be let through.
    #[serde(default, deserialize_with = "named_field")]
    pub denied: Option<TextOrNone>,
    /// The warnings to the author, word for word.
    #[serde(default)]
    pub warnings: Option<Vec<String>>,
    /// The checks that find something, all of them, be they denied, warned of or only counted. Without this field there must
    /// be none.
    #[serde(default)]
    #[schemars(extend("items" = {"enum": Check::ALL.iter().map(|check| check.as_str()).collect::<Vec<_>>()}))]
    pub findings: Vec<String>,
}

/// Reads a field that may be `null`, so that it differs from one that is not there.
fn named_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TextOrNone>, D::Error> {
    TextOrNone::deserialize(deserializer).map(Some)
}
