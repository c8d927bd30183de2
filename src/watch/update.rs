//! The updates that the watches send, with the part of each object that berth keeps.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Pod;
use kube::api::{ApiResource, DynamicObject, PartialObjectMeta};
use kube::core::GroupVersionKind;
use kube::runtime::watcher::Event;
use serde_json::Value;

use super::availability::Availability;
use super::object::{Namespace, StoredNodePool};
use crate::definition;
use crate::encoding::field::FieldError;
use crate::names::{
    BASE_ANNOTATION, CAPACITY_LABEL, DELETION_COST_ANNOTATION, KIND, PERCENTAGE_ANNOTATION,
    POOL_LABEL,
};
use crate::node::NodePool;
use crate::placement::Owner;
use crate::pod::NamespaceLabels;
use crate::policy::{Capacity, OwnNumbers};
use crate::split::CountedPod;

/// An object's name with the part that berth keeps of the object, or with `None` if the object counts as deleted.
pub(super) type Kept<T> = (Arc<str>, Option<T>);

/// An event of a watch, or its failure. The failure has an availability if the API server answered about the resource.
pub(super) type WatchResult<T> = Result<Event<Kept<T>>, Option<Availability>>;

/// An event or a failure of one of the watches.
pub(super) enum Update {
    NodePools(WatchResult<Result<Arc<NodePool>, UnreadableNodePool>>),
    Namespaces(WatchResult<Arc<NamespaceLabels>>),
    Policies(WatchResult<Arc<PolicyObject>>),
}

/// The name of a `NodePool` that berth cannot read, and the field at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("node pool {name:?}: {error}")]
pub(super) struct UnreadableNodePool {
    name: String,
    error: FieldError,
}

/// Reads a node pool from its stored object.
pub(super) fn read_node_pool(
    object: StoredNodePool,
) -> Kept<Result<Arc<NodePool>, UnreadableNodePool>> {
    match object.read {
        Ok(node_pool) => (Arc::clone(node_pool.name()), Some(Ok(node_pool))),
        Err(error) => {
            let name = object.metadata.name.unwrap_or_default();
            let kept = name.as_str().into();
            (kept, Some(Err(UnreadableNodePool { name, error })))
        }
    }
}

/// Reduces a namespace to its labels.
pub(super) fn read_namespace(namespace: Namespace) -> Kept<Arc<NamespaceLabels>> {
    let metadata = namespace.metadata;
    let labels = metadata.labels.unwrap_or_default();
    let name = metadata.name.unwrap_or_default();
    (name.into(), Some(Arc::new(labels.into_iter().collect())))
}

/// Reduces a pod to the part that counts. One that is being deleted does not: its controller has made another, or soon will.
pub(super) fn read_pod(pod: PartialObjectMeta<Pod>) -> Kept<CountedPod> {
    let metadata = pod.metadata;
    let uid = metadata.uid.unwrap_or_default();
    let labels = metadata.labels.unwrap_or_default();
    let annotations = metadata.annotations.unwrap_or_default();
    let owners = metadata.owner_references.unwrap_or_default();
    let controller = owners.iter().find(|owner| owner.controller == Some(true));
    let side: Option<Capacity> = labels
        .get(CAPACITY_LABEL)
        .and_then(|side| side.parse().ok());
    let is_going = metadata.deletion_timestamp.is_some();
    let namespace = metadata.namespace.unwrap_or_default();
    let owner = controller.and_then(|controller| Owner::new(&namespace, &controller.uid));
    let counted = side.zip(owner).filter(|_| !is_going);
    let counted = counted.map(|(side, owner)| {
        let text = |key: &str| annotations.get(key).map(String::as_str);
        let cost = text(DELETION_COST_ANNOTATION).and_then(|cost| cost.parse::<i32>().ok());
        let position = cost.filter(|cost| *cost < 0).map_or(0, i32::unsigned_abs);
        CountedPod::new(
            owner,
            (side, position),
            labels.get(POOL_LABEL).map_or("", String::as_str),
            OwnNumbers::read(text(BASE_ANNOTATION), text(PERCENTAGE_ANNOTATION)),
        )
    });
    (uid.into(), counted)
}

/// A `PlacementPolicy` as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PolicyObject {
    /// The `uid`; an object that is deleted and created again has another.
    pub(super) uid: String,
    pub(super) generation: i64,
    pub(super) spec: Value,
    /// The status that this or another replica of berth wrote last.
    pub(super) status: Value,
}

impl PolicyObject {
    /// Returns the resource by which the API server serves a `PlacementPolicy`.
    pub(super) fn resource() -> ApiResource {
        let kind = GroupVersionKind::gvk(definition::GROUP, definition::VERSION, KIND);
        ApiResource::from_gvk_with_plural(&kind, definition::PLURAL)
    }
}

/// Reduces a policy to the part that berth keeps.
pub(super) fn read_policy(mut object: DynamicObject) -> Kept<Arc<PolicyObject>> {
    let mut field = |name| object.data.get_mut(name).map_or(Value::Null, Value::take);
    let (spec, status) = (field("spec"), field("status"));
    let policy = PolicyObject {
        uid: object.metadata.uid.unwrap_or_default(),
        generation: object.metadata.generation.unwrap_or_default(),
        spec,
        status,
    };
    let name = object.metadata.name.unwrap_or_default();
    (name.into(), Some(Arc::new(policy)))
}
