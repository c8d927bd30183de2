//! The custom resource `PlacementPolicy`: its definition, and the status that berth writes.
//!
//! The definition is built around the schema of the policy's own types, and not by kube's derive: that would have the
//! core know kube, and would still need the schemas brought into Kubernetes' form.

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::encoding::field::FieldError;
use crate::encoding::schema::structural;
use crate::named::named;
use crate::names::KIND;
use crate::node::Catalogue;
use crate::policy::{Policy, PolicySpec};

/// The API group of policies.
pub const GROUP: &str = "placement.truemark.io";
/// The one version of the group.
pub const VERSION: &str = "v1alpha1";
/// The resource, as it stands in paths and in RBAC rules.
pub const PLURAL: &str = "placementpolicies";
/// The one policy that is in force. Of others nobody could say what they mean beside it, so the API server takes none.
pub const NAME: &str = "default";

/// The longest message of a condition, in characters.
const LONGEST_MESSAGE: usize = 4096;

/// What berth makes of the policy. berth writes it; nobody else should.
// Written whole, what is empty too: a merge leaves what it is not told of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The generation of the policy that this was written for: an older one than metadata.generation is out of date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "int64"))]
    pub observed_generation: Option<i64>,
    /// Whether berth uses the policy: one condition, Accepted.
    #[serde(default)]
    #[schemars(
        length(max = 8),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"])
    )]
    pub conditions: Vec<Condition>,
    /// The node pools that the policy names and the cluster has not, as text: the first of them, and how many more.
    #[serde(default)]
    #[schemars(length(max = 1024))]
    pub missing: String,
    /// The pools, each with the node pools that there are.
    #[serde(default)]
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
    #[schemars(length(max = LONGEST_MESSAGE))]
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

/// How many of the missing node pools a line names.
const NAMED: usize = 4;

/// What came of a policy: it is in force, with the node pools that there are, or it cannot be used.
pub type Outcome<'o> = Result<(&'o Policy, &'o Catalogue), &'o FieldError>;

impl Status {
    /// The status to write for a generation of the policy. A condition that is as it was before keeps its time.
    #[must_use]
    pub fn new(outcome: Outcome<'_>, generation: i64, before: Option<&Self>, now: &Time) -> Self {
        let (status, reason, message) = match outcome {
            Ok(_) => (
                ConditionStatus::True,
                ConditionReason::Accepted,
                "in force".to_owned(),
            ),
            Err(error) => (
                ConditionStatus::False,
                ConditionReason::Invalid,
                error.to_string(),
            ),
        };
        let condition = Condition {
            kind: ConditionType::Accepted,
            status,
            observed_generation: Some(generation),
            last_transition_time: now.clone(),
            reason,
            // It quotes the policy, and so may be as long as what stands there.
            message: message.chars().take(LONGEST_MESSAGE).collect(),
        };
        let pools = outcome.map_or_else(|_| Vec::new(), |(policy, there)| pools(policy, there));
        let missing = pools.iter().flat_map(|pool| &pool.missing).collect();
        Self {
            observed_generation: Some(generation),
            conditions: vec![condition],
            missing: listed(&missing),
            pools,
        }
        .since(before, now)
    }

    /// The same with the time that its condition has had its status since.
    #[must_use]
    pub fn since(mut self, before: Option<&Self>, now: &Time) -> Self {
        let before = before.map_or(&[][..], |before| &before.conditions);
        for condition in &mut self.conditions {
            let same = before.iter().find(|old| old.status == condition.status);
            let since = same.map_or(now, |old| &old.last_transition_time);
            condition.last_transition_time = since.clone();
        }
        self
    }
}

/// The pools of a policy, their node pools told apart.
fn pools(policy: &Policy, there: &Catalogue) -> Vec<PoolStatus> {
    let pools = policy.pools().iter().map(|pool| {
        let names = pool.node_pools.iter().map(ToString::to_string);
        let (node_pools, missing) = names.partition(|name| there.get(name).is_some());
        PoolStatus {
            name: pool.name.to_string(),
            node_pools,
            missing,
        }
    });
    pools.collect()
}

/// The first of some names, and how many there are besides.
fn listed(names: &BTreeSet<&String>) -> String {
    let first: Vec<&str> = names.iter().take(NAMED).map(|name| name.as_str()).collect();
    let text = first.join(", ");
    match names.len() - first.len() {
        0 => text,
        more => format!("{text} and {more} more"),
    }
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

#[cfg(test)]
mod tests {
    use super::{FieldError, Status, Time};
    use crate::names::API_VERSION;
    use crate::policy::{embedded_node_pools, embedded_policy};

    #[test]
    fn group_and_version_are_those_of_the_policy() {
        assert_eq!(API_VERSION, format!("{}/{}", super::GROUP, super::VERSION));
    }

    /// The time of a condition is that of its last change, and not that of the last look.
    #[test]
    fn a_condition_keeps_its_time_while_it_stays() {
        let at = |second: i64| Time(k8s_openapi::jiff::Timestamp::from_second(second).unwrap());
        let (policy, none) = embedded_policy().unwrap();
        let accepted = Ok((&policy, &none));
        let error = FieldError::new("no").in_field("spec");
        let mut before = None;
        let steps = [
            (accepted, at(1)),
            (accepted, at(1)),
            (Err(&error), at(3)),
            (accepted, at(4)),
        ];
        for (generation, (outcome, since)) in (1..).zip(steps) {
            let status = Status::new(outcome, generation, before.as_ref(), &at(generation));
            assert_eq!(status.conditions[0].last_transition_time, since);
            assert_eq!(status.observed_generation, Some(generation));
            before = Some(status);
        }
    }

    #[test]
    fn missing_node_pools_are_named_as_far_as_a_line_goes() {
        let (policy, none) = embedded_policy().unwrap();
        let time = Time(k8s_openapi::jiff::Timestamp::UNIX_EPOCH);
        let shown = |there: &_| Status::new(Ok((&policy, there)), 1, None, &time).missing;
        assert_eq!(shown(&embedded_node_pools().unwrap()), "");
        assert_eq!(
            shown(&none),
            "amd64-batch, amd64-default, arm64-batch, arm64-default and 2 more"
        );
    }
}
