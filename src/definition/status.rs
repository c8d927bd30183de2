//! The status of a policy: berth's answer to the person who wrote it.

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::encoding::field::FieldError;
use crate::named::named;
use crate::names::DOMAIN;
use crate::node::{Catalogue, State};
use crate::policy::{Policy, remarks};
use crate::validation::NamespaceFault;

/// The longest message of a condition, in characters.
const LONGEST_MESSAGE: usize = 4096;

/// The status of the policy. berth writes it; nobody else should.
// Empty fields are written too: a merge would leave the old values of fields that are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The generation of the policy that this status is about. It is out of date if metadata.generation is higher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "int64"))]
    pub observed_generation: Option<i64>,
    /// One condition, Accepted, which is True if berth uses the policy.
    #[serde(default)]
    #[schemars(
        length(max = 8),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"])
    )]
    pub conditions: Vec<Condition>,
    /// The node pools that the policy names and the cluster does not have, as text: the first four, and the number of
    /// the others.
    #[serde(default)]
    #[schemars(length(max = 1024))]
    pub missing: String,
    /// The node pools that the policy names, that the cluster has, and of which Karpenter makes no nodes now, as text:
    /// the first four, each with its state, and the number of the others.
    #[serde(default)]
    #[schemars(length(max = 1024))]
    pub not_ready: String,
    /// The namespaces with misspelt labels of berth's, as text: the first four, each with the first fault and its remedy,
    /// and the number of the others.
    #[serde(default)]
    #[schemars(length(max = 1024))]
    pub misspelt_namespaces: String,
    /// The pools of the policy, each with its node pools that the cluster has.
    #[serde(default)]
    #[schemars(
        length(max = 64),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub pools: Vec<PoolStatus>,
    /// The node pools that the policy names, each with its state.
    #[serde(default)]
    #[schemars(
        length(max = 2048),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub node_pools: Vec<NodePoolStatus>,
}

/// A condition of the policy, in the form that all Kubernetes objects share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// The type of the condition.
    #[serde(rename = "type")]
    pub kind: ConditionType,
    /// The state of the condition.
    pub status: ConditionStatus,
    /// The generation of the policy that the condition is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "int64"))]
    pub observed_generation: Option<i64>,
    /// The time at which the state of the condition last changed.
    #[schemars(with = "String", length(max = 64), extend("format" = "date-time"))]
    pub last_transition_time: Time,
    /// The reason for the state, in one word.
    pub reason: ConditionReason,
    /// The reason for the state, for people: the error, with the path of the field.
    #[schemars(length(max = LONGEST_MESSAGE))]
    pub message: String,
}

named! {
    /// The type of a condition.
    #[derive(Serialize, Deserialize, JsonSchema)]
    pub enum ConditionType {
        /// berth uses the policy. If it cannot, the previous policy stays in force.
        Accepted = "Accepted",
    }
}

named! {
    /// The state of a condition.
    #[derive(Serialize, Deserialize, JsonSchema)]
    pub enum ConditionStatus {
        /// The condition holds.
        True = "True",
        /// The condition does not hold.
        False = "False",
        /// Nobody knows if the condition holds.
        Unknown = "Unknown",
    }
}

named! {
    /// The reason for the state of a condition.
    #[derive(Serialize, Deserialize, JsonSchema)]
    pub enum ConditionReason {
        /// The policy is in force.
        Accepted = "Accepted",
        /// berth cannot use the policy. The message names the field that is wrong.
        Invalid = "Invalid",
    }
}

/// The status of a pool of the policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PoolStatus {
    /// The name of the pool.
    #[schemars(length(max = 63))]
    pub name: String,
    /// The node pools of the pool that the cluster has.
    #[serde(default)]
    #[schemars(
        length(max = 32),
        inner(length(max = 63)),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub node_pools: Vec<String>,
    /// The node pools of the pool that the cluster does not have. berth sends no pod there.
    #[serde(default)]
    #[schemars(
        length(max = 32),
        inner(length(max = 63)),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub missing: Vec<String>,
}

/// The status of a node pool that the policy names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodePoolStatus {
    /// The name of the node pool.
    #[schemars(length(max = 63))]
    pub name: String,
    /// The state of the node pool: what keeps Karpenter from making a node of it for a pod. A node pool of the catalogue
    /// that no NodePool object describes counts as ready.
    pub state: State,
}

/// The most node pools that a text names.
const NAMED: usize = 4;

/// The longest text about one namespace, in characters.
const LONGEST_FAULT: usize = 230;

/// The acceptance of a policy: the policy and the node pools of the cluster, or the error for which berth cannot use
/// it.
pub type Acceptance<'a> = Result<(&'a Policy, &'a Catalogue), &'a FieldError>;

impl Status {
    /// Returns the status to write for a generation of the policy. A condition whose state is that of `before` keeps
    /// its time.
    #[must_use]
    pub fn new(
        acceptance: Acceptance<'_>,
        generation: i64,
        before: Option<&Self>,
        now: &Time,
    ) -> Self {
        let (status, reason, message) = match acceptance {
            Ok((policy, catalogue)) => (
                ConditionStatus::True,
                ConditionReason::Accepted,
                in_force(policy, catalogue),
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
            // The message can quote any text of the policy, so it has no bound of its own.
            message: message.chars().take(LONGEST_MESSAGE).collect(),
        };
        let pools = match acceptance {
            Ok((policy, catalogue)) => pools(policy, catalogue),
            Err(_) => Vec::new(),
        };
        let node_pools = match acceptance {
            Ok((policy, catalogue)) => node_pools(policy, catalogue),
            Err(_) => Vec::new(),
        };
        let missing = pools.iter().flat_map(|pool| pool.missing.clone()).collect();
        Self {
            observed_generation: Some(generation),
            conditions: vec![condition],
            missing: listed(&missing),
            not_ready: listed(&not_ready(&node_pools)),
            misspelt_namespaces: String::new(),
            pools,
            node_pools,
        }
        .since(before, now)
    }

    /// Returns this status with the namespaces whose labels are misspelt.
    #[must_use]
    pub fn naming<'n>(
        mut self,
        misspelt: impl Iterator<Item = (&'n str, &'n [NamespaceFault])>,
    ) -> Self {
        let texts = misspelt.filter_map(|(name, faults)| {
            let text = format!("{name}: {}", faults.first()?.message.replace(DOMAIN, ""));
            Some(text.chars().take(LONGEST_FAULT).collect())
        });
        let texts: Vec<String> = texts.collect();
        self.misspelt_namespaces = joined(texts.iter().map(String::as_str), " | ");
        self
    }

    /// Returns this status with the time of each condition's last change: that of `before`, or `now` if the state
    /// changes.
    #[must_use]
    pub fn since(mut self, before: Option<&Self>, now: &Time) -> Self {
        let before = before.map_or(&[][..], |before| &before.conditions);
        for condition in &mut self.conditions {
            let unchanged = before.iter().find(|old| old.status == condition.status);
            let since = unchanged.map_or(now, |old| &old.last_transition_time);
            condition.last_transition_time = since.clone();
        }
        self
    }
}

/// Returns the status of each pool, with the node pools that exist and those that do not.
fn pools(policy: &Policy, catalogue: &Catalogue) -> Vec<PoolStatus> {
    let pools = policy.pools().iter().map(|pool| {
        let names = pool.all_node_pools().map(ToString::to_string);
        let (node_pools, missing) = names.partition(|name| catalogue.lasting(name).is_some());
        PoolStatus {
            name: pool.name.to_string(),
            node_pools,
            missing,
        }
    });
    pools.collect()
}

/// Returns the state of each node pool that the policy names, ordered by name.
fn node_pools(policy: &Policy, catalogue: &Catalogue) -> Vec<NodePoolStatus> {
    let named = policy.node_pools().into_iter();
    let states = named.map(|name| NodePoolStatus {
        name: name.to_string(),
        state: catalogue.state(name),
    });
    states.collect()
}

/// Returns the node pools that the cluster has and of which Karpenter makes no nodes, each with its state.
fn not_ready(node_pools: &[NodePoolStatus]) -> BTreeSet<String> {
    let obstructed = node_pools
        .iter()
        .filter(|node_pool| node_pool.state.is_there() && node_pool.state.obstacle().is_some());
    let texts = obstructed.map(|NodePoolStatus { name, state }| format!("{name} ({state})"));
    texts.collect()
}

/// Returns the message about a policy that is in force, with what is surely not meant so.
fn in_force(policy: &Policy, catalogue: &Catalogue) -> String {
    let remarks = remarks(policy, catalogue).into_iter();
    let texts = remarks.map(|remark| remark.message);
    let texts: Vec<String> = std::iter::once("in force".to_owned())
        .chain(texts)
        .collect();
    texts.join(". ")
}

/// Returns the first names and the number of the others, as text.
fn listed(names: &BTreeSet<String>) -> String {
    joined(names.iter().map(String::as_str), ", ")
}

/// Returns the first texts, with this between them, and the number of the others.
fn joined<'n>(texts: impl ExactSizeIterator<Item = &'n str>, between: &str) -> String {
    let count = texts.len();
    let first: Vec<&str> = texts.take(NAMED).collect();
    let text = first.join(between);
    match count - first.len() {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::{Catalogue, FieldError, NodePoolStatus, State, Status, Time};
    use crate::node::NodePool;
    use crate::policy::{embedded_node_pools, embedded_policy};
    use crate::validation::{NamespaceFault, misspelt_namespace};

    /// A condition has the time of its last change, not of the last look.
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

    #[test]
    fn misspelt_namespaces_are_named_as_far_as_a_line_goes() {
        let faults = |count: usize| -> Vec<(String, Vec<NamespaceFault>)> {
            let names = (0..count).map(|number| format!("n{number}"));
            let (policy, _) = embedded_policy().unwrap();
            let labels = [("placement.truemark.io/injection", "x".repeat(63))];
            let faults = misspelt_namespace(&labels.into_iter().collect(), &policy);
            names
                .map(|name| (name.repeat(20), faults.clone()))
                .collect()
        };
        let shown = |count| {
            let faults = faults(count);
            let faults = faults.iter().map(|(name, faults)| (&**name, &faults[..]));
            Status::default().naming(faults).misspelt_namespaces
        };
        assert_eq!(shown(0), "");
        assert!(shown(1).contains(": injection=xxx"));
        assert!(shown(9).ends_with(" and 5 more"));
        assert!(shown(2000).len() <= 1024);
    }

    #[test]
    fn the_message_of_a_policy_in_force_says_what_is_not_meant_so() {
        let (policy, none) = embedded_policy().unwrap();
        let time = Time(k8s_openapi::jiff::Timestamp::UNIX_EPOCH);
        let message = |there: &Catalogue| {
            let status = Status::new(Ok((&policy, there)), 1, None, &time);
            status.conditions[0].message.clone()
        };
        assert_eq!(message(&embedded_node_pools().unwrap()), "in force");
        let pool = "pool \"default\": the cluster has no node pool of it (amd64-default, arm64-default), and its pods run";
        assert!(message(&none).starts_with(&format!("in force. {pool}")));
    }

    /// Returns a node pool whose object has these fields beside its template.
    fn node_pool(name: &str, spec: &Value, status: &Value) -> Arc<NodePool> {
        let mut object = json!({
            "metadata": {"name": name, "uid": "1"},
            "spec": {"template": {"spec": {}}},
            "status": status,
        });
        for (field, value) in spec.as_object().unwrap() {
            object["spec"][field] = value.clone();
        }
        Arc::new(NodePool::from_object(object).unwrap())
    }

    #[test]
    fn each_node_pool_that_the_policy_names_has_a_state() {
        let (policy, _) = embedded_policy().unwrap();
        let ready = json!({"conditions": [{"type": "Ready", "status": "True"}]});
        let none = json!({});
        let catalogue: Catalogue = [
            node_pool("amd64-batch", &none, &ready),
            node_pool("amd64-default", &none, &none),
            node_pool("arm64-batch", &json!({"replicas": 1}), &ready),
            node_pool("truemark-amd64", &json!({"limits": {"nodes": 0}}), &ready),
            node_pool("unheard-of", &none, &none),
        ]
        .into_iter()
        .collect();
        let time = Time(k8s_openapi::jiff::Timestamp::UNIX_EPOCH);
        let said = Status::new(Ok((&policy, &catalogue)), 1, None, &time);
        let states: Vec<(&str, State)> = said
            .node_pools
            .iter()
            .map(|NodePoolStatus { name, state }| (name.as_str(), *state))
            .collect();
        assert_eq!(
            states,
            [
                ("amd64-batch", State::Ready),
                ("amd64-default", State::Unready),
                ("arm64-batch", State::Static),
                ("arm64-default", State::Absent),
                ("truemark-amd64", State::Full),
                ("truemark-arm64", State::Absent),
            ]
        );
        assert_eq!(
            said.not_ready,
            "amd64-default (unready), arm64-batch (static), truemark-amd64 (full)"
        );
        assert_eq!(said.missing, "arm64-default, truemark-arm64");
    }

    #[test]
    fn a_state_is_written_as_it_is_named() {
        for state in State::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
    }
}
