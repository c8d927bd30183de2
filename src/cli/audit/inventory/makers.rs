//! The objects that make pods, as far as the report needs them.

use serde_json::Value;

use super::kept::kept;
use crate::cli::audit::key::Key;
use crate::cli::files::ObjectAt;

/// The facts about an object that makes pods.
#[derive(Debug, Default)]
pub(in crate::cli::audit) struct MakerFacts {
    pub(in crate::cli::audit) controller: Option<Key>,
    /// The object as JSON, without what placement never reads; `None` if it is only a step on the way to its controller.
    pub(in crate::cli::audit) text: Option<Box<str>>,
    /// The replicas that it asks for; `None` if its kind has none.
    pub(in crate::cli::audit) replicas: Option<u64>,
    /// True for a Job that has ended.
    pub(in crate::cli::audit) has_ended: bool,
}

/// The kinds that have one replica if they do not say how many.
const REPLICATED: [(&str, &str); 5] = [
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("apps", "ReplicaSet"),
    ("", "ReplicationController"),
    ("argoproj.io", "Rollout"),
];

impl MakerFacts {
    pub(super) fn of(key: &Key, object: &ObjectAt<'_>) -> Self {
        let controller = Key::of_controller(&key.namespace, object.value);
        let is_step = controller.is_some() && key.is_step();
        let written = object
            .value
            .pointer("/spec/replicas")
            .and_then(Value::as_u64);
        let mut kinds = REPLICATED.iter();
        let is_replicated = kinds.any(|(group, kind)| key.is(group, kind));
        Self {
            text: (!is_step).then(|| kept(object).to_string().into()),
            replicas: written.or(is_replicated.then_some(1)),
            has_ended: key.is("batch", "Job") && has_ended(object.value),
            controller,
        }
    }
}

fn has_ended(job: &Value) -> bool {
    let conditions = job.pointer("/status/conditions").and_then(Value::as_array);
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|condition| {
        condition["status"] == "True"
            && (condition["type"] == "Complete" || condition["type"] == "Failed")
    })
}
