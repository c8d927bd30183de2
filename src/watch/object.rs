//! Objects as the watches read them: the parts that berth uses, and nothing else. Managed fields and annotations, which it
//! passes over, are often the larger part of an object.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::core::ClusterResourceScope;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::encoding::field::FieldError;
use crate::encoding::json::{Malformed, Reader, fields};
use crate::node::NodePool;

/// A node pool as the API server stores it. One that berth cannot read does not stop the watch.
#[derive(Debug, Clone)]
pub(super) struct StoredNodePool {
    pub(super) metadata: ObjectMeta,
    pub(super) read: Result<Arc<NodePool>, FieldError>,
}

impl<'de> Deserialize<'de> for StoredNodePool {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Borrowed: what the API server sends is read where it is.
        let text = <&RawValue>::deserialize(deserializer)?.get();
        Ok(Self {
            metadata: outline(text).map_err(Error::custom)?,
            read: NodePool::from_json(text).map(Arc::new),
        })
    }
}

/// Reads the metadata that a watch needs of any object. All else is passed over, unchecked.
fn outline(object: &str) -> Result<ObjectMeta, Malformed> {
    let mut metadata = ObjectMeta::default();
    fields!(Reader::new(object), |value| {
        "metadata" => fields!(value, |value| {
            "name" => metadata.name = Some(value.text()?.into_owned()),
            "resourceVersion" => metadata.resource_version = Some(value.text()?.into_owned()),
        })?,
    })?;
    Ok(metadata)
}

/// The metadata of a namespace.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Namespace {
    #[serde(default, deserialize_with = "metadata")]
    pub(super) metadata: ObjectMeta,
}

/// Reads the metadata that berth uses of a namespace, and those that a watch needs of any object.
fn metadata<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ObjectMeta, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Metadata {
        name: Option<String>,
        resource_version: Option<String>,
        labels: Option<BTreeMap<String, String>>,
    }
    let Metadata {
        name,
        resource_version,
        labels,
    } = Metadata::deserialize(deserializer)?;
    Ok(ObjectMeta {
        name,
        resource_version,
        labels,
        ..ObjectMeta::default()
    })
}

impl Resource for StoredNodePool {
    type DynamicType = ();
    type Scope = ClusterResourceScope;

    fn group((): &()) -> Cow<'_, str> {
        "karpenter.sh".into()
    }

    fn version((): &()) -> Cow<'_, str> {
        "v1".into()
    }

    fn kind((): &()) -> Cow<'_, str> {
        "NodePool".into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        "nodepools".into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

impl Resource for Namespace {
    type DynamicType = ();
    type Scope = ClusterResourceScope;

    /// The API server sends the metadata alone.
    fn metadata_api() -> bool {
        true
    }

    fn group((): &()) -> Cow<'_, str> {
        v1::Namespace::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        v1::Namespace::version(&())
    }

    fn kind((): &()) -> Cow<'_, str> {
        v1::Namespace::kind(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        v1::Namespace::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

#[cfg(test)]
mod tests {
    use kube::core::WatchEvent;
    use serde_json::{Value, from_str, from_value, json};

    use super::*;

    /// Returns an object with these metadata, and with some that berth does not use. Those may have any form, and cannot stop
    /// a watch.
    fn object(metadata: &Value) -> Value {
        let mut object =
            json!({"apiVersion": "v1", "kind": "Any", "metadata": metadata, "more": true});
        object["metadata"]["annotations"] = json!({"large": 1});
        object["metadata"]["managedFields"] = json!([{"fieldsV1": {"f:spec": []}}]);
        object
    }

    #[test]
    fn an_object_is_read_without_what_berth_passes_over() {
        let object = object(&json!({
            "name": "one", "uid": "u", "resourceVersion": "12", "labels": {"team": "core"},
        }));
        let event = json!({"type": "MODIFIED", "object": object}).to_string();
        let Ok(WatchEvent::Modified(node_pool)) = from_str::<WatchEvent<StoredNodePool>>(&event)
        else {
            panic!("{event}");
        };
        assert_eq!(node_pool.metadata.name.as_deref(), Some("one"));
        assert_eq!(node_pool.metadata.resource_version.as_deref(), Some("12"));
        assert!(node_pool.metadata.managed_fields.is_none());
        assert!(node_pool.read.is_err(), "it has no spec");

        let namespace: Namespace = from_value(object).unwrap();
        let labels = namespace.metadata.labels.unwrap();
        assert_eq!(labels.get("team").map(String::as_str), Some("core"));
    }

    #[test]
    fn an_object_may_have_hardly_anything() {
        for object in [
            json!({}),
            object(&json!({})),
            object(&json!({"labels": null})),
        ] {
            let namespace: Namespace = from_value(object.clone()).unwrap();
            assert!(namespace.metadata.labels.is_none(), "{object}");
            let node_pool: StoredNodePool = from_str(&object.to_string()).unwrap();
            assert!(node_pool.metadata.name.is_none());
        }
    }

    #[test]
    fn a_namespace_is_asked_for_as_metadata_alone() {
        assert!(Namespace::metadata_api() && !StoredNodePool::metadata_api());
        let lists = [
            Namespace::url_path(&(), None),
            StoredNodePool::url_path(&(), None),
        ];
        assert_eq!(
            lists,
            ["/api/v1/namespaces", "/apis/karpenter.sh/v1/nodepools"]
        );
    }
}
