//! Generated pods on AWS: with sizes, GPUs, topology and preferences that cannot be had.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::labels::{ELSEWHERE, INSTANCE_GENERATION, RESTRICTED, VOCABULARY, ZONE_ID};
use crate::agreement::generate::SELF;
use crate::agreement::labels::{DISK, OWN, TEAM};
use crate::agreement::names::{
    ARCH, CAPACITY_TYPE, HOSTNAME, INSTANCE_TYPE, NODE_POOL, PREFERRED, ZONE,
};
use crate::agreement::pods::{self, Sketch};

/// The keys of topology: those that every node has, one that some node pools give, and one that nobody gives.
const DOMAINS: &[&str] = &[
    ZONE,
    ZONE_ID,
    HOSTNAME,
    NODE_POOL,
    CAPACITY_TYPE,
    ARCH,
    INSTANCE_TYPE,
    INSTANCE_GENERATION,
    TEAM,
    DISK,
    "topology.ebs.csi.aws.com/zone",
    "failure-domain.beta.kubernetes.io/zone",
    "example.com/rack",
    "eks.amazonaws.com/instance-category",
];

/// The share of pods without selectors of their own, out of 256.
const PLAIN: u8 = 90;

pub(super) fn pod() -> BoxedStrategy<Sketch> {
    (
        (pods::pod(&VOCABULARY), any::<u8>()),
        containers(),
        option::weighted(0.15, spread()),
        option::weighted(0.12, pod_affinity()),
        option::weighted(0.2, heavy_preference()),
    )
        .prop_map(
            |((mut sketch, dice), containers, spread, affinity, preference)| {
                // Many pods say little, so that berth places them and Karpenter makes their nodes.
                if dice < PLAIN {
                    sketch.spec["nodeSelector"] = json!({});
                    sketch.spec["affinity"] = json!({});
                }
                sketch.labels.insert(OWN.to_owned(), json!(SELF));
                for (field, value) in containers {
                    sketch.spec[&field] = value;
                }
                if let Some(spread) = spread {
                    sketch.spec["topologySpreadConstraints"] = json!([spread]);
                }
                if let Some((kind, term)) = affinity {
                    sketch.spec["affinity"][kind] =
                        json!({"requiredDuringSchedulingIgnoredDuringExecution": [term]});
                }
                if let Some(preference) = preference {
                    let node_affinity = &mut sketch.spec["affinity"]["nodeAffinity"];
                    match node_affinity[PREFERRED].as_array_mut() {
                        Some(others) => others.push(preference),
                        None => node_affinity[PREFERRED] = json!([preference]),
                    }
                }
                sketch
            },
        )
        .boxed()
}

/// Generates the containers of a pod: most of them small, some larger than any instance, with or without what comes
/// before and beside them.
fn containers() -> impl Strategy<Value = Map<String, Value>> {
    let large = || {
        (
            select(vec!["100m", "1", "3500m", "15", "30", "100", "500"]),
            select(vec!["64Mi", "6Gi", "60Gi", "250Gi", "900Gi", "24Ti"]),
        )
            .prop_map(|(cpu, memory)| json!({"requests": {"cpu": cpu, "memory": memory}}))
    };
    let device = (
        select(vec![
            "nvidia.com/gpu",
            "nvidia.com/gpu",
            "amd.com/gpu",
            "aws.amazon.com/neuron",
            "vpc.amazonaws.com/pod-eni",
            "vpc.amazonaws.com/efa",
            "example.com/widget",
        ]),
        select(vec!["1", "1", "4", "16"]),
    )
        .prop_map(
            |(device, count)| json!({"requests": {"cpu": "100m"}, "limits": {device: count}}),
        );
    let resources = prop_oneof![
        6 => Just(json!({"requests": {"cpu": "100m"}})),
        3 => large(),
        1 => device,
    ];
    let before = option::weighted(0.15, (large(), any::<bool>()));
    (resources, before).prop_map(|(resources, before)| {
        let container = |name: &str, resources: Value| {
            json!({"name": name, "image": "none", "resources": resources})
        };
        let mut fields = Map::new();
        fields.insert("containers".to_owned(), json!([container("main", resources)]));
        if let Some((resources, stays)) = before {
            let mut container = container("before", resources);
            if stays {
                container["restartPolicy"] = json!("Always");
            }
            fields.insert("initContainers".to_owned(), json!([container]));
        }
        fields
    })
}

/// Generates what pods of a topology term are: the pod itself, or others, of which there are none.
fn counted() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => Just(json!({"matchLabels": {OWN: SELF}})),
        1 => Just(json!({"matchLabels": {"app": "elsewhere"}})),
    ]
}

fn spread() -> impl Strategy<Value = Value> {
    let action = prop_oneof![3 => Just("DoNotSchedule"), 1 => Just("ScheduleAnyway")];
    (select(DOMAINS), action, counted()).prop_map(|(key, action, counted)| {
        json!({
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": action,
            "labelSelector": counted,
        })
    })
}

fn pod_affinity() -> impl Strategy<Value = (&'static str, Value)> {
    (
        select(vec!["podAffinity", "podAntiAffinity"]),
        select(DOMAINS),
        counted(),
    )
        .prop_map(|(kind, key, counted)| {
            (kind, json!({"topologyKey": key, "labelSelector": counted}))
        })
}

/// Generates a preference of great weight for what no node may be asked for, or for what nodes have elsewhere.
fn heavy_preference() -> impl Strategy<Value = Value> {
    let key = prop_oneof![3 => select(RESTRICTED), 2 => select(ELSEWHERE), 1 => Just(NODE_POOL)];
    let operator = select(vec!["DoesNotExist", "NotIn", "In", "Exists"]);
    (
        key,
        operator,
        select(vec![50, 99, 100]),
        vec(select(vec!["x", "SPOT"]), 1..=1),
    )
        .prop_map(|(key, operator, weight, values)| {
            let mut expression = json!({"key": key, "operator": operator});
            if operator.ends_with("In") {
                expression["values"] = json!(values);
            }
            json!({"weight": weight, "preference": {"matchExpressions": [expression]}})
        })
}
