//! What a watch tells, with what is kept of each object.

use std::sync::Arc;

use kube::api::{ApiResource, DynamicObject};
use kube::core::GroupVersionKind;
use kube::runtime::watcher::Event;
use serde_json::{Value, json};

use super::availability::Availability;
use crate::definition;
use crate::encoding::field::FieldError;
use crate::names::KIND;
use crate::node::NodePool;
use crate::pod::NamespaceLabels;

/// An object's name, and what is kept of the object; nothing where it is as good as gone.
pub(super) type Entry<T> = (Arc<str>, Option<T>);

/// What happened to a watch: an event, or a failure, with what it says of the resource if it was an answer.
pub(super) type Outcome<T> = Result<Event<Entry<T>>, Option<Availability>>;

/// What one of the watches tells.
pub(super) enum Update {
    NodePools(Outcome<Result<Arc<NodePool>, Unreadable>>),
    Namespaces(Outcome<Arc<NamespaceLabels>>),
    Policies(Outcome<Arc<PolicyObject>>),
}

/// A `NodePool` that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("node pool {name:?}: {error}")]
pub(super) struct Unreadable {
    name: String,
    error: FieldError,
}

/// Reads a node pool of the cluster, whose metadata kube has taken out of it.
pub(super) fn read_node_pool(name: &str, mut object: Value) -> Result<NodePool, Unreadable> {
    let spec = object.get_mut("spec").map(Value::take);
    let object = json!({"metadata": {"name": name}, "spec": spec});
    NodePool::from_object(object).map_err(|error| Unreadable {
        name: name.to_owned(),
        error,
    })
}

/// A `PlacementPolicy` as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PolicyObject {
    /// Another than that of an object which was there before, under the same name.
    pub(super) uid: String,
    pub(super) generation: i64,
    pub(super) spec: Value,
    /// What berth, or another replica of it, has last said of it.
    pub(super) status: Value,
}

impl PolicyObject {
    /// Returns its resource, as the API server serves it.
    pub(super) fn resource() -> ApiResource {
        let kind = GroupVersionKind::gvk(definition::GROUP, definition::VERSION, KIND);
        ApiResource::from_gvk_with_plural(&kind, definition::PLURAL)
    }
}

impl From<DynamicObject> for PolicyObject {
    fn from(mut object: DynamicObject) -> Self {
        let mut field = |name| object.data.get_mut(name).map_or(Value::Null, Value::take);
        Self {
            uid: object.metadata.uid.unwrap_or_default(),
            spec: field("spec"),
            status: field("status"),
            generation: object.metadata.generation.unwrap_or_default(),
        }
    }
}
