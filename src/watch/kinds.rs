//! The kinds of objects that berth watches, and the way to watch each.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::{Api, DynamicObject, PartialObjectMeta};

use super::contact::Heard;
use super::object::{Namespace, StoredNodePool};
use super::update::{
    Kept, PolicyObject, UnreadableNodePool, Update, WatchResult, read_namespace, read_node_pool,
    read_pod, read_policy,
};
use crate::definition;
use crate::names::CAPACITY_LABEL;
use crate::node::NodePool;
use crate::pod::NamespaceLabels;
use crate::split::CountedPod;

/// The way to watch one kind of object.
pub(super) struct WatchSpec<K, T, U> {
    pub(super) api: fn(Client) -> Api<K>,
    /// The objects per page of a list: enough for few pages, and few enough to hold in memory.
    pub(super) page: u32,
    /// A field selector that the objects have to match.
    pub(super) fields: Option<String>,
    /// A label selector that the objects have to match.
    pub(super) labels: Option<String>,
    /// Reduces an object to its name and the part that berth keeps.
    pub(super) read: fn(K) -> Kept<T>,
    pub(super) update: fn(WatchResult<T>) -> U,
    pub(super) heard: Option<Heard>,
}

/// Watches Karpenter's `NodePool`s.
pub(super) fn node_pools()
-> WatchSpec<StoredNodePool, Result<Arc<NodePool>, UnreadableNodePool>, Update> {
    WatchSpec {
        api: Api::all,
        page: 100,
        fields: None,
        labels: None,
        read: read_node_pool,
        update: Update::NodePools,
        heard: None,
    }
}

/// Watches the labels of the namespaces.
pub(super) fn namespaces() -> WatchSpec<Namespace, Arc<NamespaceLabels>, Update> {
    WatchSpec {
        api: Api::all,
        // A namespace can have 256 KiB of annotations, and the text of a page is in memory as a whole.
        page: 50,
        fields: None,
        labels: None,
        read: read_namespace,
        update: Update::Namespaces,
        heard: None,
    }
}

/// Watches the `PlacementPolicy` with the one name that counts.
pub(super) fn policies() -> WatchSpec<DynamicObject, Arc<PolicyObject>, Update> {
    WatchSpec {
        api: |client| Api::all_with(client, &PolicyObject::resource()),
        page: 1,
        fields: Some(format!("metadata.name={}", definition::NAME)),
        labels: None,
        read: read_policy,
        update: Update::Policies,
        heard: None,
    }
}

/// Watches the pods that have a side of a split and run or soon will. Those that are done match the selector no longer, and
/// the API server says that they are gone.
pub(super) fn pods(
    heard: Heard,
) -> WatchSpec<PartialObjectMeta<Pod>, CountedPod, WatchResult<CountedPod>> {
    WatchSpec {
        api: Api::all,
        page: 500,
        fields: Some("status.phase!=Succeeded,status.phase!=Failed".to_owned()),
        labels: Some(CAPACITY_LABEL.to_owned()),
        read: read_pod,
        update: |result| result,
        heard: Some(heard),
    }
}
