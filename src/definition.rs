//! The custom resource `PlacementPolicy`: its definition, and the status that berth writes.
//!
//! The definition is built around the schema of the policy's own types, and not by kube's derive: that would have the
//! core know kube, and would still need the schemas brought into Kubernetes' form.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::placement::named::named;
use crate::placement::policy::KIND;
use crate::placement::policy_file::PolicySpec;
use crate::placement::schema::structural;

/// The API group of policies.
pub const GROUP: &str = "placement.truemark.io";
/// The one version of the group.
pub const VERSION: &str = "v1alpha1";
/// The resource, as it stands in paths and in RBAC rules.
pub const PLURAL: &str = "placementpolicies";
/// The one policy that is in force. Of others nobody could say what they mean beside it, so the API server takes none.
pub const NAME: &str = "default";

/// What berth makes of the policy. berth writes it; nobody else should.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The generation of the policy that this was written for: an older one than metadata.generation is out of date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "int64"))]
    pub observed_generation: Option<i64>,
    /// Whether berth uses the policy: one condition, Accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 8),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"])
    )]
    pub conditions: Vec<Condition>,
    /// The node pools that the policy names and the cluster has not, of all pools together, in the order of their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 2048),
        inner(length(max = 63)),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub missing: Vec<String>,
    /// The pools, each with the node pools that there are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 64),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub pools: Vec<PoolStatus>,
}

/// A statement about the policy, as every Kubernetes object makes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: ConditionType,
    /// Whether it is so.
    pub status: ConditionStatus,
    /// The generation of the policy that it was made about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "int64"))]
    pub observed_generation: Option<i64>,
    /// When the status last changed.
    #[schemars(with = "String", length(max = 64), extend("format" = "date-time"))]
    pub last_transition_time: Time,
    /// Why, in one word.
    pub reason: ConditionReason,
    /// Why, for people: what is wrong, with the path of the field.
    #[schemars(length(max = 32768))]
    pub message: String,
}

named! {
    /// What a condition is about.
    #[derive(Serialize, Deserialize, JsonSchema)]
    pub enum ConditionType {
        /// berth uses the policy. Where it does not, the one before stays in force.
        Accepted = "Accepted",
    }
}

named! {
    /// Whether a condition is so.
    #[derive(Serialize, Deserialize, JsonSchema)]
    pub enum ConditionStatus {
        /// It is so.
        True = "True",
        /// It is not so.
        False = "False",
        /// Nobody knows.
        Unknown = "Unknown",
    }
}

named! {
    /// Why a condition is as it is.
    #[derive(Serialize, Deserialize, JsonSchema)]
    pub enum ConditionReason {
        /// The policy is in force.
        Accepted = "Accepted",
        /// The policy cannot be used; the message says which field is wrong.
        Invalid = "Invalid",
    }
}

/// What there is of a pool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PoolStatus {
    /// The pool's name.
    #[schemars(length(max = 63))]
    pub name: String,
    /// Those of its node pools that the cluster has.
    #[serde(default)]
    #[schemars(
        length(max = 32),
        inner(length(max = 63)),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub node_pools: Vec<String>,
    /// Those that it names and the cluster has not. No pod is sent there.
    #[serde(default)]
    #[schemars(
        length(max = 32),
        inner(length(max = 63)),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub missing: Vec<String>,
}

/// The `CustomResourceDefinition`, as the API server takes it.
#[must_use]
pub fn definition() -> Value {
    let column = |name: &str, path: &str, description: &str| json!({"name": name, "type": "string", "jsonPath": path, "description": description});
    let mut message = column(
        "Message",
        ".status.conditions[?(@.type==\"Accepted\")].message",
        "Why the policy is in force or not, with the path of the field that is wrong.",
    );
    message["priority"] = json!(1);
    let mut age = column(
        "Age",
        ".metadata.creationTimestamp",
        "How old the policy is.",
    );
    age["type"] = json!("date");
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": format!("{PLURAL}.{GROUP}"),
            "labels": {"app.kubernetes.io/name": "berth"},
        },
        "spec": {
            "group": GROUP,
            "scope": "Cluster",
            "names": {
                "kind": KIND,
                "listKind": format!("{KIND}List"),
                "plural": PLURAL,
                "singular": KIND.to_ascii_lowercase(),
                "shortNames": ["pp"],
                "categories": ["berth"],
            },
            "versions": [{
                "name": VERSION,
                "served": true,
                "storage": true,
                "subresources": {"status": {}},
                "additionalPrinterColumns": [
                    column("Mode", ".spec.mode", "Whether the policy changes anything."),
                    column(
                        "Accepted",
                        ".status.conditions[?(@.type==\"Accepted\")].status",
                        "Whether the policy is in force.",
                    ),
                    column("Missing", ".status.missing", "The node pools that it names and the cluster has not."),
                    age,
                    message,
                ],
                "schema": {"openAPIV3Schema": schema()},
            }],
        },
    })
}

/// The schema of the whole object.
fn schema() -> Value {
    json!({
        "description": "Which pods of the namespaces that opted in berth places on which node pools. \
            There is one policy, and its name is \"default\". `kubectl explain placementpolicy.spec --recursive` \
            lists its fields.",
        "type": "object",
        "required": ["spec"],
        "x-kubernetes-validations": [{
            "rule": format!("self.metadata.name == '{NAME}'"),
            "message": format!("there is one policy, and its name is \"{NAME}\""),
        }],
        "properties": {
            "spec": structural::<PolicySpec>(),
            "status": structural::<Status>(),
        },
    })
}
