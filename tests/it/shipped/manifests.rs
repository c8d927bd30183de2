//! The manifests that an operator applies agree with the code, with the contract, and with Kubernetes' own types.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use berth::encoding::yaml;
use berth::node::{Catalogue, NodePool};
use berth::placement::Snapshot;
use berth::policy::{embedded_node_pools, embedded_policy, read_policy_object};
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
    ValidatingWebhookConfiguration,
};
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::{Value, json};

use crate::harness::repository;
use crate::model::scheduler::items;

/// An object of a file below `deploy/`.
struct Object {
    file: PathBuf,
    value: Value,
}

/// Returns every object below a directory, without kustomizations and the patches that they name. Templates of charts are
/// left out too: they are text until Helm renders them, and the cluster tests judge them.
fn objects(directory: &str) -> Vec<Object> {
    let mut objects = Vec::new();
    for file in repository::files_below(directory) {
        let is_yaml = file
            .extension()
            .is_some_and(|end| ["yaml", "yml"].iter().any(|known| end == *known));
        if !is_yaml
            || is_rendered(&file)
            || is_kustomization(&file)
            || patches(&file).contains(&file)
        {
            continue;
        }
        for value in repository::values_of(&repository::text_of(&file)) {
            objects.push(Object {
                file: file.clone(),
                value,
            });
        }
    }
    objects
}

/// True if the file is a chart's, and not one of the objects that the chart and a kustomization share.
fn is_rendered(file: &Path) -> bool {
    let charts = repository::path_of("deploy/charts");
    let is_shared = |name: &str| file.components().any(|part| part.as_os_str() == name);
    file.starts_with(charts) && !is_shared("crds") && !is_shared("monitoring")
}

fn is_kustomization(file: &Path) -> bool {
    file.file_name()
        .is_some_and(|name| name == "kustomization.yaml" || name == "Kustomization")
}

/// Returns the files that the kustomization beside a file patches with.
pub(crate) fn patches(file: &Path) -> BTreeSet<PathBuf> {
    let directory = file.parent().unwrap();
    let Ok(text) = std::fs::read_to_string(directory.join("kustomization.yaml")) else {
        return BTreeSet::new();
    };
    let kustomization = yaml::parse(&text).unwrap();
    items(&kustomization["patches"])
        .iter()
        .filter_map(|patch| patch["path"].as_str())
        .map(|path| directory.join(path))
        .collect()
}

pub(crate) fn of_kind(directory: &str, kind: &str) -> Vec<Value> {
    let objects = objects(directory).into_iter();
    objects
        .map(|object| object.value)
        .filter(|value| value["kind"] == kind)
        .collect()
}

/// Returns the one object of a kind in `deploy/berth`.
pub(crate) fn the(kind: &str) -> Value {
    let mut found = of_kind("deploy/berth", kind);
    assert_eq!(found.len(), 1, "{kind}");
    found.remove(0)
}

/// Reads a value as a type of Kubernetes' own. A field that the type does not know would get lost, and is an error.
fn read_as<T>(value: &Value) -> Result<(), String>
where
    T: serde::de::DeserializeOwned + serde::Serialize,
{
    let read: T = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    let written = serde_json::to_value(read).map_err(|error| error.to_string())?;
    lost(value, &written, "").map_or(Ok(()), |path| Err(format!("{path} is no such field")))
}

fn lost(value: &Value, written: &Value, path: &str) -> Option<String> {
    match (value, written) {
        (Value::Object(value), Value::Object(written)) => value.iter().find_map(|(key, value)| {
            let path = format!("{path}/{key}");
            match written.get(key) {
                Some(written) => lost(value, written, &path),
                // An empty value has nothing to lose.
                None => (*value != json!({}) && *value != json!([])).then_some(path),
            }
        }),
        (Value::Array(value), Value::Array(written)) if value.len() == written.len() => value
            .iter()
            .zip(written)
            .enumerate()
            .find_map(|(index, (value, written))| lost(value, written, &format!("{path}/{index}"))),
        // A number may have become a fraction.
        (Value::Number(value), Value::Number(written)) => {
            (value.as_f64() != written.as_f64()).then(|| path.to_owned())
        }
        _ => (value != written).then(|| path.to_owned()),
    }
}

fn parsed(object: &Value) -> Result<(), String> {
    let field = |name: &str| object[name].as_str().unwrap_or_default();
    match (field("apiVersion"), field("kind")) {
        ("v1", "Namespace") => read_as::<Namespace>(object),
        ("v1", "Pod") => read_as::<Pod>(object),
        ("v1", "Service") => read_as::<Service>(object),
        ("v1", "ServiceAccount") => read_as::<ServiceAccount>(object),
        ("v1", "ConfigMap") => read_as::<ConfigMap>(object),
        ("v1", "Secret") => read_as::<Secret>(object),
        ("apps/v1", "Deployment") => read_as::<Deployment>(object),
        ("apps/v1", "StatefulSet") => read_as::<StatefulSet>(object),
        ("apps/v1", "DaemonSet") => read_as::<DaemonSet>(object),
        ("batch/v1", "Job") => read_as::<Job>(object),
        ("batch/v1", "CronJob") => read_as::<CronJob>(object),
        ("policy/v1", "PodDisruptionBudget") => read_as::<PodDisruptionBudget>(object),
        ("networking.k8s.io/v1", "NetworkPolicy") => read_as::<NetworkPolicy>(object),
        ("rbac.authorization.k8s.io/v1", "Role") => read_as::<Role>(object),
        ("rbac.authorization.k8s.io/v1", "RoleBinding") => read_as::<RoleBinding>(object),
        ("rbac.authorization.k8s.io/v1", "ClusterRole") => read_as::<ClusterRole>(object),
        ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding") => {
            read_as::<ClusterRoleBinding>(object)
        }
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition") => {
            read_as::<CustomResourceDefinition>(object)
        }
        ("admissionregistration.k8s.io/v1", kind) => match kind {
            "MutatingWebhookConfiguration" => read_as::<MutatingWebhookConfiguration>(object),
            "ValidatingWebhookConfiguration" => read_as::<ValidatingWebhookConfiguration>(object),
            "ValidatingAdmissionPolicy" => read_as::<ValidatingAdmissionPolicy>(object),
            "ValidatingAdmissionPolicyBinding" => {
                read_as::<ValidatingAdmissionPolicyBinding>(object)
            }
            other => Err(format!("{other} is not known here")),
        },
        ("placement.truemark.io/v1alpha1", "PlacementPolicy") => {
            let read = read_policy_object(object);
            read.map(drop).map_err(|error| error.to_string())
        }
        ("karpenter.sh/v1", "NodePool") => {
            let read = NodePool::from_object(object.clone());
            read.map(drop).map_err(|error| error.to_string())
        }
        // berth has no schema of others' types, and asks for an object with a name alone.
        (version, kind) => {
            let theirs = [
                "karpenter.k8s.aws/v1",
                "eks.amazonaws.com/v1",
                "cert-manager.io/v1",
                "monitoring.coreos.com/v1",
            ];
            if theirs.contains(&version) && object["metadata"]["name"].is_string() {
                Ok(())
            } else {
                Err(format!("{version} {kind} is not known here"))
            }
        }
    }
}

#[test]
fn every_manifest_is_what_it_says() {
    let objects = objects("deploy");
    assert!(!objects.is_empty());
    let wrong: Vec<String> = objects
        .iter()
        .filter_map(|Object { file, value }| {
            Some(format!("{}: {}", file.display(), parsed(value).err()?))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A kustomization names all files beside it, and none that is missing.
#[test]
fn kustomizations_name_what_is_beside_them() {
    let files = repository::files_below("deploy");
    for file in files.iter().filter(|file| is_kustomization(file)) {
        let directory = file.parent().unwrap();
        let kustomization = yaml::parse(&repository::text_of(file)).unwrap();
        let named: BTreeSet<PathBuf> = ["resources", "components"]
            .iter()
            .flat_map(|field| items(&kustomization[field]))
            .filter_map(|path| Some(directory.join(path.as_str()?)))
            .chain(patches(file))
            .collect();
        for path in &named {
            assert!(path.exists(), "{} names {}", file.display(), path.display());
        }
        let beside = files.iter().filter(|other| {
            other.parent() == Some(directory)
                && other.extension().is_some_and(|end| end == "yaml")
                && !is_kustomization(other)
        });
        // The policy is compiled in, and not applied.
        for other in beside.filter(|other| !other.ends_with("deploy/policy.yaml")) {
            assert!(named.contains(other), "nobody applies {}", other.display());
        }
    }
}

#[test]
fn the_shipped_policy_is_that_of_the_contract() {
    let (policy, catalogue) = embedded_policy().unwrap();
    assert_eq!(catalogue, Catalogue::default());
    let node_pools = embedded_node_pools().unwrap();
    for pool in policy.pools() {
        for name in &pool.node_pools {
            assert!(node_pools.get(name).is_some(), "{name}");
        }
        assert_eq!(pool.binding.as_str(), "Required");
        assert!(
            pool.namespaces.is_none(),
            "{} is for every namespace",
            pool.name
        );
    }
    let pools: Vec<(&str, Vec<&str>)> = policy
        .pools()
        .iter()
        .map(|pool| {
            let node_pools = pool.node_pools.iter().map(|name| &**name).collect();
            (&*pool.name, node_pools)
        })
        .collect();
    let expected = [
        ("default", vec!["amd64-default", "arm64-default"]),
        ("truemark", vec!["truemark-amd64", "truemark-arm64"]),
        ("batch", vec!["amd64-batch", "arm64-batch"]),
    ];
    assert_eq!(pools, expected);
    let annotations = &policy.pool("batch").unwrap().annotations;
    assert_eq!(annotations["karpenter.sh/do-not-disrupt"], "true");
    assert_eq!(
        policy.chosen(policy.default_architecture()),
        ["amd64".into()]
    );
    assert!(Snapshot::new(policy, node_pools).is_ok());
}
