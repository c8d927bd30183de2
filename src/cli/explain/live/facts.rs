//! The facts about live objects that their manifests do not have: where a pod runs, and what makes it anew.

use std::collections::BTreeMap;

use serde_json::Value;

use super::pods::PodCounts;
use crate::label::{ARCH, CAPACITY_TYPE, INSTANCE_TYPE, NODE_POOL};
use crate::names::DECISION_ANNOTATION;

/// The kind, the namespace and the name of an object.
pub(in crate::cli::explain) type Key = (String, String, String);

/// The facts about each live object.
#[derive(Debug, Default)]
pub(in crate::cli::explain) struct Facts(pub(super) BTreeMap<Key, Live>);

/// The facts about a live object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::cli::explain) struct Live {
    /// The kind and the name of what makes its pods, as people know it; its own if nothing does.
    pub(super) maker: (String, String),
    /// The facts about the pod; `None` if it is none.
    pub(in crate::cli::explain) pod: Option<PodFacts>,
    /// The numbers of its pods; `None` if it is a pod, or they were not read.
    pub(in crate::cli::explain) pods: Option<PodCounts>,
}

/// The facts about a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::cli::explain) struct PodFacts {
    /// The decision that berth wrote on it when it was created.
    pub(in crate::cli::explain) decision: Option<String>,
    /// The node that it is bound to.
    pub(in crate::cli::explain) node: Option<String>,
    /// The labels of the node that tell its kind, each by its word; empty if the node could not be read.
    pub(in crate::cli::explain) node_labels: Vec<(&'static str, String)>,
    /// The scheduler's message, while the pod waits for a node.
    pub(in crate::cli::explain) waits: Option<String>,
    /// Karpenter's last message, while the pod waits and is asked for by its name.
    pub(in crate::cli::explain) karpenter: Option<String>,
}

/// The words for the labels of a node.
const WORDS: [(&str, &str); 5] = [
    ("nodePool", NODE_POOL),
    ("nodeTemplate", "scheduling.cast.ai/node-template"),
    ("capacityType", CAPACITY_TYPE),
    ("architecture", ARCH),
    ("instanceType", INSTANCE_TYPE),
];

impl Facts {
    /// Returns the facts about an object.
    pub(in crate::cli::explain) fn of(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Option<&Live> {
        let key = (kind.to_owned(), namespace.to_owned(), name.to_owned());
        self.0.get(&key)
    }
}

impl PodFacts {
    /// Reads the facts off a pod, and off its node if that is known.
    pub(super) fn of(pod: &Value, node: Option<&Value>) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let conditions = pod.pointer("/status/conditions").and_then(Value::as_array);
        let mut conditions = conditions.into_iter().flatten();
        let scheduled = conditions.find(|condition| condition["type"] == "PodScheduled");
        let waiting = scheduled.filter(|condition| condition["status"] == "False");
        let labels = node.map(|node| &node["metadata"]["labels"]);
        let labels = labels.into_iter().flat_map(|labels| {
            let found = WORDS.iter();
            found.filter_map(|(word, key)| Some((*word, text(&labels[*key])?)))
        });
        Self {
            decision: text(&pod["metadata"]["annotations"][DECISION_ANNOTATION]),
            node: text(&pod["spec"]["nodeName"]),
            node_labels: labels.collect(),
            waits: waiting.and_then(|condition| first_sentence(condition["message"].as_str()?)),
            karpenter: None,
        }
    }

    /// Returns the words for the node that it runs on, in one line.
    pub(in crate::cli::explain) fn place(&self) -> Option<String> {
        let node = self.node.as_ref()?;
        let labels = self.node_labels.iter().map(|(word, value)| match *word {
            "nodePool" => format!("node pool {value}"),
            "nodeTemplate" => format!("node template {value}"),
            _ => value.clone(),
        });
        let labels: Vec<String> = labels.collect();
        Some(if labels.is_empty() {
            format!("node {node}")
        } else {
            format!("{}; node {node}", labels.join(", "))
        })
    }
}

/// Returns the scheduler's reasons without what it says of preemption.
fn first_sentence(message: &str) -> Option<String> {
    let first = message.split(". ").next()?.trim_end_matches('.');
    (!first.is_empty()).then(|| first.to_owned())
}

/// Returns the last word of Karpenter on a pod that waits, among the events about it.
pub(super) fn word_of_karpenter(events: &[Value]) -> Option<String> {
    let of_karpenter = |event: &&Value| {
        event["reason"] == "FailedScheduling"
            && [&event["reportingComponent"], &event["source"]["component"]]
                .iter()
                .any(|component| **component == "karpenter")
    };
    let events = events.iter().filter(of_karpenter);
    let last = events.max_by_key(|event| {
        let times = [&event["lastTimestamp"], &event["eventTime"]];
        let time = times.iter().find_map(|time| time.as_str());
        time.unwrap_or_default().to_owned()
    });
    last.and_then(|event| event["message"].as_str().map(str::to_owned))
}
