//! The pods of one controller, counted by node and by requests.

use std::collections::BTreeMap;

use serde_json::Value;

use super::kept::kept;
use crate::cli::audit::key::Key;
use crate::cli::audit::report::Resources;
use crate::cli::explain::has_controller;
use crate::cli::files::ObjectAt;
use crate::encoding::json::Reader;
use crate::names::{CAPACITY_LABEL, DECISION_ANNOTATION};
use crate::pod::Template;

/// The label by which a Deployment tells its pods apart.
const HASH: &str = "pod-template-hash";
/// The label by which a Rollout of Argo does.
const ROLLOUT_HASH: &str = "rollouts-pod-template-hash";

/// The pods of one controller.
#[derive(Debug, Default)]
pub(in crate::cli::audit) struct PodGroup {
    spots: BTreeMap<(Option<u32>, u64, u64), (u64, u64)>,
    /// The pod whose name is the first, as it was created, in JSON.
    sample: Option<(Box<str>, Box<str>)>,
    /// The hash of their template, and true if it is a Rollout's.
    pub(in crate::cli::audit) hash: Option<(Box<str>, bool)>,
}

/// Pods of a controller that are on one node and request the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli::audit) struct Spot {
    /// The number of the node; `None` if they wait.
    pub(in crate::cli::audit) node: Option<u32>,
    /// The requests of one of them.
    pub(in crate::cli::audit) requests: Resources,
    pub(in crate::cli::audit) pods: u64,
    /// The number of those that berth did not place.
    pub(in crate::cli::audit) unplaced: u64,
}

impl PodGroup {
    /// Returns the pods.
    pub(in crate::cli::audit) fn spots(&self) -> impl Iterator<Item = Spot> {
        let spots = self.spots.iter();
        spots.map(
            |((node, cpu_millis, memory_bytes), (pods, unplaced))| Spot {
                node: *node,
                requests: Resources {
                    cpu_millis: *cpu_millis,
                    memory_bytes: *memory_bytes,
                },
                pods: *pods,
                unplaced: *unplaced,
            },
        )
    }

    /// Returns one of the pods, as it was created, in JSON, and its name.
    pub(in crate::cli::audit) fn sample(&self) -> Option<(&str, &str)> {
        let (name, text) = self.sample.as_ref()?;
        Some((name, text))
    }

    pub(super) fn add(&mut self, object: &ObjectAt<'_>, node: Option<u32>) {
        let (pod, name) = (object.value, object.identity.name);
        let metadata = &pod["metadata"];
        let requests = requests(&pod["spec"]);
        let key = (node, requests.cpu_millis, requests.memory_bytes);
        let (pods, unplaced) = self.spots.entry(key).or_default();
        *pods += 1;
        *unplaced += u64::from(!metadata["annotations"][DECISION_ANNOTATION].is_string());
        if self.hash.is_none() {
            let labels = &metadata["labels"];
            let hash = |key: &str| labels[key].as_str().map(Box::from);
            let of_rollout = hash(ROLLOUT_HASH).map(|hash| (hash, true));
            self.hash = of_rollout.or(hash(HASH).map(|hash| (hash, false)));
        }
        // The first by name, so that the order of the input does not matter.
        let is_first = self
            .sample
            .as_ref()
            .is_none_or(|(known, _)| *name < **known);
        if is_first {
            self.sample = Some((name.into(), as_created(object)));
        }
    }
}

/// Returns the names of the controller of a pod; those of the pod itself if it has none. A static pod has its node for one.
pub(super) fn owner(object: &ObjectAt<'_>) -> Key {
    let namespace = object.identity.effective_namespace();
    let controller = Key::of_controller(namespace, object.value);
    controller
        .filter(|controller| !controller.is("", "Node"))
        .unwrap_or_else(|| Key::new(namespace, "", "Pod", object.identity.name))
}

/// True if a pod has run to its end, or is being deleted.
pub(super) fn has_ended(pod: &Value) -> bool {
    let phase = pod.pointer("/status/phase").and_then(Value::as_str);
    matches!(phase, Some("Succeeded" | "Failed")) || !pod["metadata"]["deletionTimestamp"].is_null()
}

/// Returns a pod as it was created, in JSON. The `nodeName` of a pod that the scheduler has bound is not its author's.
fn as_created(object: &ObjectAt<'_>) -> Box<str> {
    let pod = object.value;
    let conditions = pod.pointer("/status/conditions").and_then(Value::as_array);
    let mut conditions = conditions.into_iter().flatten();
    let is_scheduled = conditions
        .any(|condition| condition["type"] == "PodScheduled" && condition["status"] == "True");
    let mut pod = kept(object);
    if is_scheduled && let Some(Value::Object(spec)) = pod.get_mut("spec") {
        spec.shift_remove("nodeName");
    }
    // Of the pods of a split pool, berth gives each its side.
    if pod["metadata"]["annotations"][DECISION_ANNOTATION].is_string()
        && has_controller(&pod)
        && let Some(Value::Object(labels)) = pod.pointer_mut("/metadata/labels")
    {
        labels.shift_remove(CAPACITY_LABEL);
    }
    pod.to_string().into()
}

/// Returns what a pod with this spec requests; nothing if the spec cannot be read.
pub(in crate::cli::audit) fn requests(spec: &Value) -> Resources {
    let parts = ["containers", "initContainers", "resources", "overhead"];
    let parts = parts.iter().filter_map(|key| {
        let value = spec.get(key)?;
        Some(format!("\"{key}\":{value}"))
    });
    let parts: Vec<String> = parts.collect();
    let text = format!("{{\"spec\":{{{}}}}}", parts.join(","));
    let read = || {
        let template = Template::read(&mut Reader::new(&text)).ok()?;
        template.spec?.resources().ok()
    };
    let resources = read().unwrap_or_default();
    let whole = |amount: u128| u64::try_from(amount).unwrap_or(u64::MAX);
    Resources {
        cpu_millis: whole(resources.cpu()),
        memory_bytes: whole(resources.memory()),
    }
}
