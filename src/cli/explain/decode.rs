//! The types of an object's fields: the API server refuses wrong ones before any webhook sees the object (R5.22).
//!
//! The object is read into Kubernetes' own types and thrown away. The reader is our own, because the API server's
//! leniency is not serde's: `null` stands for any type's zero, `3.0` is an integer, and a quantity may be a number.

use k8s_openapi::Resource;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{Namespace, Pod, PodTemplate, ReplicationController};
use serde::Deserialize;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{Deserializer, Error, Visitor};
use serde_json::{Number, Value};

use super::quantity;
use crate::cli::files::Identity;
use crate::encoding::access::{Fields, Items};
use crate::encoding::field::{FieldError, FieldPath};
use crate::encoding::wrong_field::WrongField;

/// Reads an object as the API server would. An object of a kind that says nothing about placement is not read.
///
/// # Errors
/// Returns the first field that is wrong. A kind in a group or version that no API server has is wrong in its
/// `apiVersion`.
pub(super) fn decode(identity: &Identity<'_>, object: &Value) -> Result<(), FieldError> {
    match (identity.group(), identity.kind) {
        (group, _) if group.contains('.') => Ok(()),
        (_, "Pod") => read::<Pod>(identity, object),
        (_, "PodTemplate") => read::<PodTemplate>(identity, object),
        (_, "Namespace") => read::<Namespace>(identity, object),
        (_, "ReplicationController") => read::<ReplicationController>(identity, object),
        (_, "DaemonSet") => read::<DaemonSet>(identity, object),
        (_, "Deployment") => read::<Deployment>(identity, object),
        (_, "ReplicaSet") => read::<ReplicaSet>(identity, object),
        (_, "StatefulSet") => read::<StatefulSet>(identity, object),
        (_, "CronJob") => read::<CronJob>(identity, object),
        (_, "Job") => read::<Job>(identity, object),
        _ => Ok(()),
    }
}

/// Reads an object of a group without a dot, which is Kubernetes' own: a custom resource's group has one.
fn read<'v, T: Deserialize<'v> + Resource>(
    identity: &Identity<'_>,
    object: &'v Value,
) -> Result<(), FieldError> {
    let version = identity.api_version;
    if version != T::API_VERSION {
        let (kind, served) = (T::KIND, T::API_VERSION);
        let message = format!("no {kind} is served as {version}, but as {served}");
        return Err(FieldError::new(message).in_field("apiVersion"));
    }
    let read: Result<T, _> = serde_path_to_error::deserialize(Node(object));
    read.map(drop).map_err(|error| FieldError {
        path: FieldPath::from(error.path()),
        message: error.into_inner().to_string(),
    })
}

/// A value that is read as leniently as the API server reads it, and no more.
#[derive(Clone, Copy)]
struct Node<'v>(&'v Value);

impl<'v> Node<'v> {
    fn number<V: Visitor<'v>>(number: &Number, visitor: V) -> Result<V::Value, WrongField> {
        // A client that turns YAML into JSON writes 3.0 as 3. Up to this number a float is exact.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < EXACT =>
            {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "it is a whole number in range"
                )]
                visitor.visit_i64(float as i64)
            }
            Some(float) if number.is_f64() => visitor.visit_f64(float),
            _ => match (number.as_i64(), number.as_u64()) {
                (Some(number), _) => visitor.visit_i64(number),
                (None, number) => visitor.visit_u64(number.unwrap_or_default()),
            },
        }
    }
}

/// `null` reads as the type's zero, which `$zero` visits.
macro_rules! or_zero {
    ($($method:ident => $zero:ident($value:expr),)+) => {
        $(fn $method<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, WrongField> {
            if self.0.is_null() { visitor.$zero($value) } else { self.deserialize_any(visitor) }
        })+
    };
}

impl<'v> Deserializer<'v> for Node<'v> {
    type Error = WrongField;

    fn deserialize_any<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, WrongField> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(bool) => visitor.visit_bool(*bool),
            Value::Number(number) => Self::number(number, visitor),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => visitor.visit_seq(Items::of(items, Node)),
            Value::Object(fields) => visitor.visit_map(Fields::of(Some(fields), Node)),
        }
    }

    or_zero! {
        deserialize_bool => visit_bool(false),
        deserialize_i32 => visit_i32(0),
        deserialize_i64 => visit_i64(0),
        deserialize_f64 => visit_f64(0.0),
        deserialize_seq => visit_seq(Items::of(&[], Node)),
        deserialize_map => visit_map(Fields::of(None, Node)),
    }

    fn deserialize_struct<V: Visitor<'v>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, WrongField> {
        self.deserialize_map(visitor)
    }

    fn deserialize_string<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, WrongField> {
        match self.0 {
            Value::Null => visitor.visit_borrowed_str(""),
            Value::Bool(_) | Value::Number(_) => Err(Error::custom(format_args!(
                "expected a string, found {}: put it in quotes",
                self.0
            ))),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_str<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, WrongField> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, WrongField> {
        if self.0.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'v>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, WrongField> {
        if name == "Quantity" {
            match self.0 {
                Value::Null => {
                    return visitor.visit_newtype_struct(BorrowedStrDeserializer::new("0"));
                }
                Value::String(text) => quantity::check(text).map_err(WrongField::custom)?,
                // Every number is one, however it is written.
                _ => {}
            }
        }
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'v>>
        i8 i16 i128 u8 u16 u32 u64 u128 f32 char bytes byte_buf unit unit_struct tuple tuple_struct enum identifier
        ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::decode;
    use crate::cli::files::Identity;

    fn refusal(api_version: &str, kind: &str, spec: &Value) -> Option<String> {
        let identity = Identity {
            api_version,
            kind,
            ..Identity::default()
        };
        let error = decode(&identity, &json!({ "spec": spec })).err()?;
        Some(error.to_string())
    }

    /// Every place of a pod where a quantity stands.
    #[test]
    fn a_quantity_is_checked_wherever_there_is_one() {
        let wrong = "0,5";
        let resources = json!({ "requests": { "cpu": wrong } });
        let claim = json!({ "spec": { "resources": { "requests": { "storage": wrong } } } });
        let divisor = json!({ "resource": "limits.cpu", "divisor": wrong });
        let places = [
            (
                json!({ "containers": [{ "resources": resources }] }),
                "spec.containers[0].resources.requests.cpu",
            ),
            (
                json!({ "containers": [{}, { "resources": { "limits": { "nvidia.com/gpu": wrong } } }] }),
                "spec.containers[1].resources.limits[nvidia.com/gpu]",
            ),
            (
                json!({ "initContainers": [{ "resources": resources }] }),
                "spec.initContainers[0].resources.requests.cpu",
            ),
            (
                json!({ "ephemeralContainers": [{ "resources": resources }] }),
                "spec.ephemeralContainers[0].resources.requests.cpu",
            ),
            (
                json!({ "resources": resources }),
                "spec.resources.requests.cpu",
            ),
            (
                json!({ "overhead": { "memory": wrong } }),
                "spec.overhead.memory",
            ),
            (
                json!({ "volumes": [{ "emptyDir": { "sizeLimit": wrong } }] }),
                "spec.volumes[0].emptyDir.sizeLimit",
            ),
            (
                json!({ "containers": [{ "env": [{ "valueFrom": { "resourceFieldRef": divisor } }] }] }),
                "spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor",
            ),
            (
                json!({ "volumes": [{ "downwardAPI": { "items": [{ "resourceFieldRef": divisor }] } }] }),
                "spec.volumes[0].downwardAPI.items[0].resourceFieldRef.divisor",
            ),
            (
                json!({ "volumes": [{ "ephemeral": { "volumeClaimTemplate": claim } }] }),
                "spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources.requests.storage",
            ),
        ];
        for (spec, path) in places {
            let found = refusal("v1", "Pod", &spec).unwrap_or_default();
            assert!(
                found.starts_with(&format!("{path}: \"0,5\" is no quantity")),
                "{found}"
            );
        }
        let found = refusal(
            "apps/v1",
            "StatefulSet",
            &json!({ "volumeClaimTemplates": [claim] }),
        )
        .unwrap_or_default();
        assert!(
            found.starts_with("spec.volumeClaimTemplates[0].spec.resources.requests.storage: "),
            "{found}"
        );
    }

    #[test]
    fn what_the_api_server_takes_is_taken() {
        let lenient = json!({
            "replicas": 3.0, "selector": null, "strategy": {}, "paused": null,
            "template": {
                "metadata": { "creationTimestamp": null, "labels": { "a": null }, "unknown": 1 },
                "spec": {
                    "tolerations": [null],
                    "containers": [{
                        "name": "c", "args": [null], "ports": [{ "containerPort": 80 }],
                        "livenessProbe": { "httpGet": { "port": "http" }, "periodSeconds": null },
                        "readinessProbe": { "httpGet": { "port": 8080.0 } },
                        "resources": { "requests": { "cpu": 1, "memory": 1e9, "x.y/z": 0.5 }, "limits": { "cpu": null } },
                    }],
                },
            },
        });
        assert_eq!(refusal("apps/v1", "Deployment", &lenient), None);
        assert_eq!(refusal("v1", "Service", &json!(1)), None);
    }

    #[test]
    fn a_field_of_another_type_is_refused() {
        let cases = [
            (
                json!({ "replicas": "3" }),
                "spec.replicas: expected a whole number, found the text \"3\"",
            ),
            (
                json!({ "replicas": 3.5 }),
                "spec.replicas: expected a whole number, found 3.5",
            ),
            (
                json!({ "template": { "metadata": { "labels": { "a.b/c": true } } } }),
                "spec.template.metadata.labels[a.b/c]: expected a string, found true: put it in quotes",
            ),
            (
                json!({ "template": { "spec": { "containers": {} } } }),
                "spec.template.spec.containers: expected a list, found a map",
            ),
            (
                json!({ "template": { "spec": { "overhead": { "cpu": true } } } }),
                "spec.template.spec.overhead.cpu: expected a quantity, found true",
            ),
        ];
        for (spec, expected) in cases {
            assert_eq!(
                refusal("apps/v1", "Deployment", &spec).as_deref(),
                Some(expected)
            );
        }
    }
}
