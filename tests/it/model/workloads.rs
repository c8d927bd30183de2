//! Pods and workloads as people, other webhooks and attackers write them.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::affinities::{node_affinity, pod_affinity};
use super::json::object;
use super::labels::label;
use super::names::{
    ARCH, ARCH_LABEL, CRITICAL_ADDONS, DECISION, INJECTION_LABEL, NODE_POOL, NODE_POOLS, POOL_LABEL,
};

/// Generates a toleration, of a taint of the generated node pools or of another.
pub(crate) fn toleration() -> impl Strategy<Value = Value> {
    let of_a_node_pool = (
        select(vec![NODE_POOL, ARCH]),
        prop_oneof![select(&NODE_POOLS[..]), Just("arm64")],
        select(vec![json!("Equal"), json!(""), Value::Null]),
        select(vec![json!("NoSchedule"), json!("NoExecute"), json!(""), Value::Null]),
    )
        .prop_map(|(key, value, operator, effect)| {
            json!({"key": key, "operator": operator, "value": value, "effect": effect})
        });
    let others = select(vec![
        json!({"operator": "Exists"}),
        json!({"operator": "Exists", "effect": "NoExecute"}),
        json!({"key": NODE_POOL, "operator": "Exists"}),
        json!({"key": "example.com/odd", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}),
        json!({"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}),
        json!({"key": NODE_POOL, "operator": "Gt", "value": "900"}),
        json!({"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}),
        json!({"key": CRITICAL_ADDONS, "operator": "Exists"}),
        json!({"key": CRITICAL_ADDONS, "operator": "Equal", "value": "true", "effect": "NoSchedule"}),
        json!({}),
    ]);
    prop_oneof![of_a_node_pool, others]
}

fn labels() -> BoxedStrategy<Value> {
    let text = |values: &'static [&'static str]| select(values).prop_map(Value::from).boxed();
    object(vec![
        (
            POOL_LABEL,
            5,
            text(&["default", "truemark", "batch", "batch", "trumark"]),
        ),
        (ARCH_LABEL, 4, text(&["amd64", "arm64", "any", "riscv"])),
        ("app", 8, text(&["web", "tilde~slash/"])),
        (
            INJECTION_LABEL,
            1,
            text(&["enabled", "enabled", "disabled"]),
        ),
    ])
}

fn metadata() -> BoxedStrategy<Value> {
    let annotation = || Just(json!("by hand")).boxed();
    let annotations = object(vec![
        ("karpenter.sh/do-not-disrupt", 1, annotation()),
        (DECISION, 1, annotation()),
        ("example.com/note", 8, annotation()),
    ]);
    let owners = select(vec![
        json!([]),
        json!([{"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "1", "controller": true}]),
        json!([{"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "1"}]),
        json!([
            {"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "uid": "2", "controller": false},
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": "3", "controller": true},
        ]),
    ]);
    object(vec![
        ("name", 4, Just(json!("web")).boxed()),
        ("generateName", 4, Just(json!("web-")).boxed()),
        ("labels", 16, labels()),
        ("annotations", 8, annotations),
        ("ownerReferences", 8, owners.boxed()),
    ])
}

fn node_selector() -> BoxedStrategy<Value> {
    let selector = vec(
        label().prop_flat_map(|(key, values)| (Just(key), select(values))),
        0..3,
    );
    selector
        .prop_map(|entries| {
            let entries = entries.into_iter();
            let entries = entries.map(|(key, value)| (key.to_owned(), value.into()));
            Value::Object(entries.collect())
        })
        .boxed()
}

/// Generates topology spread constraints over labels that nodes have or lack.
fn spreads() -> BoxedStrategy<Value> {
    let spread = (label(), select(vec!["DoNotSchedule", "ScheduleAnyway"])).prop_map(
        |((key, _), when)| json!({"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": when}),
    );
    vec(spread, 0..3).prop_map(Value::from).boxed()
}

/// Generates the spec of a pod that most often is not exempt.
fn spec() -> BoxedStrategy<Value> {
    let affinity = object(vec![
        ("nodeAffinity", 40, node_affinity()),
        ("podAffinity", 2, pod_affinity()),
        ("podAntiAffinity", 2, pod_affinity()),
    ]);
    let tolerations = vec(toleration(), 0..4).prop_map(Value::from);
    let containers =
        json!([{"name": "app", "image": "app", "resources": {"requests": {"cpu": "500m"}}}]);
    let usual = object(vec![
        ("nodeSelector", 6, node_selector()),
        ("affinity", 24, affinity),
        ("tolerations", 8, tolerations.boxed()),
        ("containers", 40, Just(containers).boxed()),
        ("topologySpreadConstraints", 4, spreads()),
        ("futureField", 1, Just(json!({"x": [1, null]})).boxed()),
    ]);
    let exempting = select(exempting());
    (usual, option::weighted(0.05, exempting))
        .prop_map(|(mut spec, exempting)| {
            if let Some((field, value)) = exempting {
                spec[field] = value;
            }
            spec
        })
        .boxed()
}

/// Generates the metadata and the spec of a pod. The metadata may be missing.
fn template() -> BoxedStrategy<Value> {
    let metadata = prop_oneof![
        8 => metadata().prop_map(Some),
        1 => Just(None),
        1 => Just(Some(Value::Null)),
    ];
    (metadata, spec())
        .prop_map(|(metadata, spec)| {
            let mut template = Map::new();
            template.extend(metadata.map(|metadata| ("metadata".to_owned(), metadata)));
            template.insert("spec".to_owned(), spec);
            Value::Object(template)
        })
        .boxed()
}

/// Generates a pod, made by hand or by a controller.
pub(crate) fn pod() -> BoxedStrategy<Value> {
    template().prop_map(|pod| workload_of("Pod", pod)).boxed()
}

/// Generates an object that berth reads: a pod, or a workload with such a pod as its template.
pub(crate) fn workload() -> BoxedStrategy<Value> {
    let kind = prop_oneof![
        6 => Just("Pod"),
        1 => Just("Job"),
        1 => Just("CronJob"),
        1 => Just("Deployment"),
        1 => Just("StatefulSet"),
    ];
    (kind, template())
        .prop_map(|(kind, template)| workload_of(kind, template))
        .boxed()
}

pub(crate) fn workload_of(kind: &str, mut template: Value) -> Value {
    let (version, spec) = match kind {
        "Pod" => {
            template["apiVersion"] = "v1".into();
            template["kind"] = kind.into();
            return template;
        }
        "CronJob" => {
            let job = json!({"spec": {"template": template}});
            (
                "batch/v1",
                json!({"schedule": "@daily", "jobTemplate": job}),
            )
        }
        "Job" => ("batch/v1", json!({"template": template})),
        _ => ("apps/v1", json!({"template": template})),
    };
    json!({"apiVersion": version, "kind": kind, "metadata": {"name": "w"}, "spec": spec})
}

/// Returns fields of a spec for which berth leaves a pod alone, most of them, or might.
pub(crate) fn exempting() -> Vec<(&'static str, Value)> {
    let requesting = |name: &str| json!([{"name": "app", "resources": {"limits": {name: "1"}}}]);
    vec![
        ("nodeName", json!("n1")),
        ("os", json!({"name": "windows"})),
        ("schedulerName", json!("volcano")),
        ("priorityClassName", json!("system-node-critical")),
        ("containers", requesting("nvidia.com/gpu")),
        ("containers", requesting("vpc.amazonaws.com/pod-eni")),
        ("resourceClaims", json!([{"name": "gpu"}])),
    ]
}
