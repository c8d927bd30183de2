//! What an operator applies agrees with the code, with the contract, and with Kubernetes' own types.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use berth::encoding::yaml;
use berth::node::Catalogue;
use berth::placement::{Snapshot, exemption};
use berth::policy::{embedded_node_pools, embedded_policy, read_node_pools, read_policy_object};
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

use crate::reviews;
use crate::scheduler::items;

/// An object of a file below `deploy/`.
struct Object {
    file: PathBuf,
    value: Value,
}

/// Every object below a directory, but kustomizations, the patches that they name, and what is text until Helm has rendered
/// it: the cluster tests judge that.
fn objects(directory: &str) -> Vec<Object> {
    let mut objects = Vec::new();
    for file in reviews::files_below(directory) {
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
        for value in reviews::values_of(&reviews::text_of(&file)) {
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
    let charts = reviews::repository("deploy/charts");
    let is_shared = |name: &str| file.components().any(|part| part.as_os_str() == name);
    file.starts_with(charts) && !is_shared("crds") && !is_shared("monitoring")
}

fn is_kustomization(file: &Path) -> bool {
    file.file_name()
        .is_some_and(|name| name == "kustomization.yaml" || name == "Kustomization")
}

/// The files that the kustomization beside a file patches with.
fn patches(file: &Path) -> BTreeSet<PathBuf> {
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

/// The one object of a kind in `deploy/berth`.
fn the(kind: &str) -> Value {
    let mut found = of_kind("deploy/berth", kind);
    assert_eq!(found.len(), 1, "{kind}");
    found.remove(0)
}

/// Reads a value as a type of Kubernetes' own: nothing in it may be unknown to the type, and so get lost.
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
                // Nothing in it, and so nothing that could get lost.
                None => (*value != json!({}) && *value != json!([])).then_some(path),
            }
        }),
        (Value::Array(value), Value::Array(written)) if value.len() == written.len() => value
            .iter()
            .zip(written)
            .enumerate()
            .find_map(|(index, (value, written))| lost(value, written, &format!("{path}/{index}"))),
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
            let read = read_policy_object(object.clone());
            read.map(drop).map_err(|error| error.to_string())
        }
        ("karpenter.sh/v1", "NodePool") => {
            read_node_pools(&object.to_string(), &mut Catalogue::default())
                .map_err(|error| error.to_string())
        }
        // Others' types, of which berth has no schema: an object with a name is as much as can be asked.
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

/// Nothing lies about that nobody applies, and nothing is named that is not there.
#[test]
fn kustomizations_name_what_is_beside_them() {
    let files = reviews::files_below("deploy");
    for file in files.iter().filter(|file| is_kustomization(file)) {
        let directory = file.parent().unwrap();
        let kustomization = yaml::parse(&reviews::text_of(file)).unwrap();
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
        // The policy is compiled in, and no object of the cluster yet.
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

/// The namespaces that a webhook must never be called for.
const NEVER: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];

/// What must be so of every webhook, of whatever configuration or overlay (R6.1).
fn judge_webhook(webhook: &Value) {
    let name = webhook["name"].as_str().unwrap();
    let expected = [
        ("admissionReviewVersions", json!(["v1"])),
        ("sideEffects", json!("None")),
        ("matchPolicy", json!("Equivalent")),
    ];
    for (field, value) in expected {
        assert_eq!(webhook[field], value, "{name}: {field}");
    }
    let timeout = webhook["timeoutSeconds"].as_u64().unwrap();
    assert!((1..=3).contains(&timeout), "{name}: {timeout}");
    for rule in items(&webhook["rules"]) {
        assert_eq!(rule["scope"], "Namespaced", "{name}");
        for field in ["apiGroups", "apiVersions", "resources", "operations"] {
            for value in items(&rule[field]) {
                let value = value.as_str().unwrap();
                assert!(!value.contains(['*', '/']), "{name}: {field}: {value}");
                assert!(!["replicasets", "daemonsets", "replicationcontrollers"].contains(&value));
            }
        }
    }
    let excluded: BTreeSet<&str> = items(&webhook["namespaceSelector"]["matchExpressions"])
        .iter()
        .filter(|expression| {
            expression["key"] == "kubernetes.io/metadata.name" && expression["operator"] == "NotIn"
        })
        .flat_map(|expression| items(&expression["values"]))
        .filter_map(Value::as_str)
        .collect();
    for namespace in NEVER.iter().chain(&["berth-system"]) {
        assert!(excluded.contains(namespace), "{name}: {namespace}");
    }
    // What the registration leaves out, the code leaves alone too.
    for namespace in excluded {
        let unknown = berth::pod::Namespace {
            name: namespace,
            ..Default::default()
        };
        let (metadata, spec) = Default::default();
        let pod = berth::pod::Pod {
            metadata: &metadata,
            spec: &spec,
            controller: None,
        };
        assert!(exemption(&pod, &unknown).is_some(), "{namespace}");
    }
    let path = &webhook["clientConfig"]["service"]["path"];
    assert!(path == "/mutate" || path == "/validate", "{name}: {path}");
}

#[test]
fn webhooks_cannot_lock_a_cluster() {
    let mutating = the("MutatingWebhookConfiguration");
    let validating = the("ValidatingWebhookConfiguration");
    let webhooks = [&mutating, &validating].map(|value| items(&value["webhooks"]));
    for webhook in webhooks.into_iter().flatten() {
        judge_webhook(webhook);
        assert_eq!(webhook["failurePolicy"], "Ignore");
        let opted_in = &webhook["namespaceSelector"]["matchLabels"];
        assert_eq!(
            *opted_in,
            json!({"placement.truemark.io/injection": "enabled"})
        );
    }
    for webhook in items(&mutating["webhooks"]) {
        assert_eq!(webhook["reinvocationPolicy"], "IfNeeded");
        assert_eq!(webhook["clientConfig"]["service"]["path"], "/mutate");
        // Pods as they are created, and nothing else (R1.1).
        let rules: Vec<_> = items(&webhook["rules"])
            .iter()
            .map(|rule| (rule["resources"].clone(), rule["operations"].clone()))
            .collect();
        assert_eq!(rules, [(json!(["pods"]), json!(["CREATE"]))]);
    }
    for webhook in items(&validating["webhooks"]) {
        assert_eq!(webhook["clientConfig"]["service"]["path"], "/validate");
    }
    // Configurations are called in the order of their names (R5.10).
    assert!(mutating["metadata"]["name"].as_str().unwrap() > "z");
}

/// `berth check` knows a condition by its name; here its expression is held to speak of what the name promises.
#[test]
fn match_conditions_are_what_their_names_say() {
    let known = [
        ("not-daemonset", "'DaemonSet'"),
        ("not-bound", "object.spec.nodeName"),
        ("not-mirror", "'kubernetes.io/config.mirror'"),
        ("made-by-hand", "object.metadata.ownerReferences"),
        ("placement-changed", "oldObject.spec"),
    ];
    let configurations = [
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
    ]
    .map(the);
    let webhooks = configurations
        .iter()
        .flat_map(|value| items(&value["webhooks"]));
    let conditions: Vec<&Value> = webhooks
        .flat_map(|webhook| items(&webhook["matchConditions"]))
        .collect();
    assert_eq!(conditions.len(), known.len());
    for (condition, (name, word)) in conditions.into_iter().zip(known) {
        assert_eq!(condition["name"], name);
        assert!(
            condition["expression"].as_str().unwrap().contains(word),
            "{condition}"
        );
    }
}

/// The webhooks that overlays add are held to the same.
#[test]
fn overlays_add_no_webhook_that_could() {
    for file in reviews::files_below("deploy/overlays") {
        if !patches(&file).contains(&file) {
            continue;
        }
        for patch in reviews::values_of(&reviews::text_of(&file)) {
            let added = items(&patch)
                .iter()
                .filter(|operation| operation["path"] == "/webhooks/-");
            added.for_each(|operation| judge_webhook(&operation["value"]));
        }
    }
}

#[test]
fn berth_survives_the_loss_of_a_node() {
    let deployment = the("Deployment");
    let spec = &deployment["spec"];
    assert!(spec["replicas"].as_u64().unwrap() >= 2);
    let rolling = &spec["strategy"]["rollingUpdate"];
    assert_eq!(
        (&rolling["maxSurge"], &rolling["maxUnavailable"]),
        (&json!(1), &json!(0))
    );
    let budget = the("PodDisruptionBudget");
    assert_eq!(budget["spec"]["maxUnavailable"], 1);
    let labels = &spec["template"]["metadata"]["labels"];
    let selectors = [
        &spec["selector"]["matchLabels"],
        &budget["spec"]["selector"]["matchLabels"],
        &the("Service")["spec"]["selector"],
    ];
    for selector in selectors {
        let selector = selector.as_object().unwrap();
        assert!(!selector.is_empty() && selector.iter().all(|(key, value)| labels[key] == *value));
    }
    let pod = &spec["template"]["spec"];
    assert_eq!(pod["priorityClassName"], "system-cluster-critical");
    let spread: BTreeSet<&str> = items(&pod["topologySpreadConstraints"])
        .iter()
        .filter_map(|constraint| constraint["topologyKey"].as_str())
        .collect();
    let wanted = BTreeSet::from(["kubernetes.io/hostname", "topology.kubernetes.io/zone"]);
    assert_eq!(spread, wanted);
    for container in items(&pod["containers"]) {
        let resources = &container["resources"];
        assert_eq!(
            resources["requests"]["memory"],
            resources["limits"]["memory"]
        );
        assert!(resources["limits"]["cpu"].is_null());
    }
}

/// The ports that EKS's usual security groups open (R6.6), and the probes, on what the server serves.
#[test]
fn ports_and_probes_are_those_of_the_server() {
    let deployment = the("Deployment");
    let pod = &deployment["spec"]["template"]["spec"];
    let container = &items(&pod["containers"])[0];
    let ports: Vec<(&str, u64)> = items(&container["ports"])
        .iter()
        .map(|port| {
            let number = port["containerPort"].as_u64().unwrap();
            (port["name"].as_str().unwrap(), number)
        })
        .collect();
    assert_eq!(ports, [("webhook", 8443), ("ops", 8080)]);
    for (probe, path) in [("readinessProbe", "/readyz"), ("livenessProbe", "/livez")] {
        let get = &container[probe]["httpGet"];
        assert_eq!((&get["path"], &get["port"]), (&json!(path), &json!("ops")));
    }
    let service = the("Service");
    let port = &items(&service["spec"]["ports"])[0];
    assert_eq!(
        (&port["port"], &port["targetPort"]),
        (&json!(443), &json!("webhook"))
    );
    if pod["hostNetwork"] == true {
        assert_eq!(pod["dnsPolicy"], "ClusterFirstWithHostNet");
    }
    let drain = pod["terminationGracePeriodSeconds"].as_u64().unwrap();
    assert!(drain >= 25, "15 s of drain and 10 s to finish (R6.3)");
}

#[test]
fn every_flag_of_the_manifest_exists() {
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_berth"))
        .args(["serve", "--help"])
        .output()
        .unwrap();
    assert!(help.status.success());
    let help = String::from_utf8(help.stdout).unwrap();
    let deployment = the("Deployment");
    let container = &items(&deployment["spec"]["template"]["spec"]["containers"])[0];
    let args: Vec<&str> = items(&container["args"])
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(args.first(), Some(&"serve"));
    for flag in &args[1..] {
        let name = flag.split_once('=').map_or(*flag, |(name, _)| name);
        let listed = help
            .split(|char: char| !(char.is_ascii_alphanumeric() || char == '-'))
            .any(|word| word == name);
        assert!(listed, "berth serve has no {name}");
    }
}

/// The server leaves its own namespace alone, whichever that is: it has to be told.
#[test]
fn berth_knows_its_own_namespace() {
    let namespace = the("Namespace");
    assert!(namespace["metadata"]["labels"]["placement.truemark.io/injection"].is_null());
    let name = &namespace["metadata"]["name"];
    for kind in [
        "Deployment",
        "Service",
        "ServiceAccount",
        "PodDisruptionBudget",
    ] {
        assert_eq!(the(kind)["metadata"]["namespace"], *name, "{kind}");
    }
    for kind in [
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
    ] {
        for webhook in items(&the(kind)["webhooks"]) {
            let service = &webhook["clientConfig"]["service"];
            assert_eq!(service["namespace"], *name);
            assert_eq!(service["name"], the("Service")["metadata"]["name"]);
        }
    }
}
