//! The objects of a round at the API server, and Karpenter's answers in them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::journal::Journal;
use super::labels::OWN;
use super::node_pools::STARTUP;
use super::words::{self, Karpenter};
use crate::harness::api::{Api, text};
use crate::harness::cluster::condition;

/// The objects of a round: nodes by their names, all others by the names of the pods.
pub(super) struct State {
    claims: BTreeMap<String, Value>,
    pub(super) nodes: BTreeMap<String, Value>,
    pods: BTreeMap<String, Value>,
    refusals: BTreeMap<String, String>,
}

impl State {
    pub(super) async fn read(api: &Api, namespace: &str) -> anyhow::Result<Self> {
        let own = format!("/metadata/labels/{}", OWN.replace('/', "~1"));
        let by = |objects: Vec<Value>, pointer: &str| -> BTreeMap<String, Value> {
            let objects = objects.into_iter();
            objects
                .map(|object| (text(&object, pointer).to_owned(), object))
                .collect()
        };
        let events = format!(
            "/api/v1/namespaces/{namespace}/events?fieldSelector=reason=FailedScheduling,reportingComponent=karpenter"
        );
        let refusals = api.list(&events).await?;
        Ok(Self {
            refusals: refusals
                .iter()
                .map(|event| {
                    (
                        text(event, "/involvedObject/name").to_owned(),
                        text(event, "/message").to_owned(),
                    )
                })
                .collect(),
            claims: by(api.list("/apis/karpenter.sh/v1/nodeclaims").await?, &own),
            nodes: by(api.list("/api/v1/nodes").await?, "/metadata/name"),
            pods: by(
                api.list(&format!("/api/v1/namespaces/{namespace}/pods"))
                    .await?,
                "/metadata/name",
            ),
        })
    }

    /// Returns Karpenter's answer on a pod once it is final, where a task makes no nodes: its claim is launched.
    pub(super) fn answer_by_claim(
        &self,
        name: &str,
        stored: &Value,
        journal: &Journal,
    ) -> Option<Karpenter> {
        let claim = self.claims.get(name);
        if let Some(message) = self.refusals.get(name) {
            return Some(Karpenter::Refused {
                message: message.clone(),
                node: claim.map(node_pool),
            });
        }
        if let Some(message) = journal.refused.get(name) {
            return Some(Karpenter::ClaimRefused {
                message: message.clone(),
            });
        }
        if let Some(message) = journal.not_launched.get(name) {
            return Some(Karpenter::LaunchFailed {
                message: message.clone(),
            });
        }
        if journal.ignored.contains(name) {
            return Some(Karpenter::PassedOver);
        }
        let claim = claim.filter(|claim| condition(claim, "Launched"))?;
        let node_pool = node_pool(claim);
        Some(if words::scheduler_allows(stored, &node_of(claim)) {
            Karpenter::Node { node_pool }
        } else {
            Karpenter::Useless { node_pool }
        })
    }

    /// Returns Karpenter's answer on a pod once it is final, where nodes come.
    pub(super) fn answer_by_node(&self, name: &str, stored: &Value) -> Option<Karpenter> {
        let claim = self.claims.get(name);
        if let Some(message) = self.refusals.get(name) {
            return Some(Karpenter::Refused {
                message: message.clone(),
                node: claim.map(node_pool),
            });
        }
        if words::passed_over(stored) && claim.is_none() {
            return Some(Karpenter::PassedOver);
        }
        let node = self.node(name)?;
        if !words::scheduler_allows(stored, node) {
            return Some(Karpenter::Useless {
                node_pool: node_pool(node),
            });
        }
        // A pod that is gone was bound: a controller that saw the node's registration late evicted it at once.
        let is_bound = self
            .pods
            .get(name)
            .is_none_or(|pod| !bound_to(pod).is_empty());
        is_bound.then(|| Karpenter::Node {
            node_pool: node_pool(node),
        })
    }

    /// Returns the node that a pod is bound to, or else one that was made for it. There may be two.
    fn node(&self, name: &str) -> Option<&Value> {
        let bound = self.pods.get(name).map(bound_to).unwrap_or_default();
        let made = |node: &&Value| node["metadata"]["labels"][OWN] == name;
        self.nodes
            .get(bound)
            .or_else(|| self.nodes.values().find(made))
    }

    /// Describes the progress of a pod that has no answer yet.
    pub(super) fn describe(&self, name: &str) -> String {
        let of = |object: Option<&Value>, pointer: &str| {
            let value = object.and_then(|object| object.pointer(pointer));
            value.map_or("none".to_owned(), Value::to_string)
        };
        format!(
            "{name}: claim {}, node's taints {}, bound to {}",
            of(self.claims.get(name), "/metadata/name"),
            of(self.node(name), "/spec/taints"),
            of(self.pods.get(name), "/spec/nodeName"),
        )
    }
}

fn node_pool(object: &Value) -> String {
    text(object, "/metadata/labels/karpenter.sh~1nodepool").to_owned()
}

/// Returns the node that would be made of a claim, as far as labels go.
fn node_of(claim: &Value) -> Value {
    let mut labels = claim["metadata"]["labels"].clone();
    labels["kubernetes.io/hostname"] = json!("made");
    for name in ["registered", "initialized"] {
        labels[format!("karpenter.sh/{name}")] = json!("true");
    }
    json!({"metadata": {"labels": labels}})
}

fn bound_to(pod: &Value) -> &str {
    text(pod, "/spec/nodeName")
}

/// Finishes a new node as a kubelet and its controllers do: adds the older name of a label, and removes startup taints.
pub(super) async fn start(api: &Api, node: &Value) {
    const ZONE_ALIAS: &str = "failure-domain.beta.kubernetes.io/zone";
    let label = |key: &str| node["metadata"]["labels"].get(key).and_then(Value::as_str);
    let taints = node["spec"]["taints"].as_array().into_iter().flatten();
    let others: Vec<&Value> = taints
        .clone()
        .filter(|taint| taint["key"] != STARTUP)
        .collect();
    let is_starting = label(ZONE_ALIAS).is_none() || others.len() < taints.count();
    if label("karpenter.sh/registered") != Some("true") || !is_starting {
        return;
    }
    let change = json!({
        "metadata": {
            "resourceVersion": node["metadata"]["resourceVersion"],
            "labels": {ZONE_ALIAS: label("topology.kubernetes.io/zone")},
        },
        "spec": {"taints": others},
    });
    let path = format!("/api/v1/nodes/{}", text(node, "/metadata/name"));
    // A node that changed in the meantime is found unfinished by the next look.
    let _ = api.merge(&path, &change).await;
}
