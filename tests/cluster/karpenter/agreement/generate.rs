//! Node pools, a policy that names them, and pods that are made to fit and often nearly do: the same for the same seed.
//!
//! They speak of labels alone whose meaning berth and this provider share. Left out are `karpenter.kwok.sh/*`, which are
//! well known to KWOK and to nobody else; `karpenter.k8s.aws/*` and `eks.amazonaws.com/*`, well known to berth, and custom
//! ones here; regions and Windows builds, which KWOK's instances have none of; and `karpenter.sh/nodepool DoesNotExist`,
//! by which a pod asks not to be Karpenter's.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value, json};

/// The label that a round's node pools have for each of its pods, and each pod selects with its own name. So every node
/// belongs to one pod: pods do not meet on nodes that were made for others, nor on node pools of another round, and a node
/// claim says whose it is.
pub(super) const OWN: &str = "example.com/pod";
/// The taint that nodes start with, until whoever put it there removes it.
pub(super) const STARTUP: &str = "example.com/starting";

const ARCH: &str = "kubernetes.io/arch";
const OS: &str = "kubernetes.io/os";
const NODE_POOL: &str = "karpenter.sh/nodepool";
const CAPACITY_TYPE: &str = "karpenter.sh/capacity-type";
const ZONE: &str = "topology.kubernetes.io/zone";
const TEAM: &str = "example.com/team";
const GENERATION: &str = "example.com/generation";
const DISK: &str = "example.com/disk";

const NODE_POOLS: [&str; 12] = [
    "amd64-default",
    "arm64-default",
    "truemark-amd64",
    "truemark-arm64",
    "amd64-batch",
    "arm64-batch",
    "general",
    "red-team",
    "blue-team",
    "modern",
    "zonal",
    "spare",
];

const ZONES: &[&str] = &["test-zone-a", "test-zone-b", "test-zone-c", "test-zone-d"];

/// A label of pods: how often it is spoken of, the values that nodes have, and those that none has.
#[derive(Debug)]
struct Label {
    weight: u32,
    key: &'static str,
    values: &'static [&'static str],
    others: &'static [&'static str],
}

const fn label(
    weight: u32,
    key: &'static str,
    values: &'static [&'static str],
    others: &'static [&'static str],
) -> Label {
    Label {
        weight,
        key,
        values,
        others,
    }
}

const LABELS: [Label; 14] = [
    label(20, ARCH, &["amd64", "arm64"], &["s390x", "x86_64"]),
    label(6, "beta.kubernetes.io/arch", &["amd64", "arm64"], &["arm"]),
    label(
        20,
        CAPACITY_TYPE,
        &["spot", "on-demand"],
        &["reserved", "fast"],
    ),
    label(20, ZONE, ZONES, &["test-zone-z"]),
    label(
        5,
        "failure-domain.beta.kubernetes.io/zone",
        ZONES,
        &["test-zone-z"],
    ),
    label(5, OS, &["linux", "linux", "windows"], &["plan9"]),
    label(2, "beta.kubernetes.io/os", &["linux"], &["plan9"]),
    label(18, NODE_POOL, &NODE_POOLS, &["amd64-defualt", "truemark"]),
    label(24, TEAM, &["red", "blue", "green"], &["mauve", ""]),
    label(16, GENERATION, &["3", "5", "7"], &["five", "99"]),
    label(10, DISK, &["ssd", "hdd"], &["floppy"]),
    label(4, "example.com/taem", &["red"], &["blue"]),
    label(1, "kubernetes.io/hostname", &["node-1"], &["node-2"]),
    label(1, "karpenter.sh/initialized", &["true"], &["false"]),
];

/// A cluster's node pools, and a policy for it.
pub(super) struct World {
    pub(super) node_pools: Vec<Value>,
    pub(super) policy: Value,
}

/// What of a generated pod concerns its node.
#[derive(Debug, Clone)]
pub(super) struct Sketch {
    pub(super) labels: Map<String, Value>,
    pub(super) spec: Value,
    pub(super) of_a_job: bool,
}

/// Makes worlds and pods, each different from the last.
pub(super) struct Generator {
    runner: TestRunner,
    /// The names of the round's pods, and what its node pools have at the end of theirs.
    pub(super) pods: Vec<String>,
    suffix: String,
}

impl Generator {
    pub(super) fn new(seed: u64, round: usize, pods: usize) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&(round as u64).to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        Self {
            runner: TestRunner::new_with_rng(Config::default(), rng),
            pods: (0..pods).map(|pod| format!("r{round}-p{pod}")).collect(),
            suffix: format!("-r{round}"),
        }
    }

    fn make<T: std::fmt::Debug>(
        &mut self,
        strategy: &impl Strategy<Value = T>,
    ) -> anyhow::Result<T> {
        let tree = strategy.new_tree(&mut self.runner);
        Ok(tree
            .map_err(|reason| anyhow::anyhow!("{reason}"))?
            .current())
    }

    pub(super) fn world(&mut self) -> anyhow::Result<World> {
        let names = self.make(&subsequence(&NODE_POOLS[..], 6..=12))?;
        let mut node_pools = Vec::new();
        for name in names {
            node_pools.push(self.make(&node_pool(name, &self.pods))?);
        }
        let mut policy = self.make(&policy(&node_pools))?;
        for node_pool in &mut node_pools {
            self.rename(node_pool);
        }
        self.rename(&mut policy);
        Ok(World { node_pools, policy })
    }

    pub(super) fn pod(&mut self) -> anyhow::Result<Sketch> {
        let mut sketch = self.make(&pod())?;
        self.rename(&mut sketch.spec);
        Ok(sketch)
    }

    /// Gives the node pools the names of the round wherever they are named.
    fn rename(&self, value: &mut Value) {
        match value {
            Value::String(name) if NODE_POOLS.contains(&name.as_str()) => {
                name.push_str(&self.suffix);
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.rename(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.rename(field)),
            _ => {}
        }
    }
}

/// A requirement of a node pool with some of the values, each way to write it.
fn offered(key: &'static str, values: &'static [&'static str]) -> BoxedStrategy<Value> {
    let some = || subsequence(values, 1..values.len().max(2));
    prop_oneof![
        6 => some().prop_map(move |values| json!({"key": key, "operator": "In", "values": values})),
        2 => some().prop_map(move |values| json!({"key": key, "operator": "NotIn", "values": values})),
        1 => Just(json!({"key": key, "operator": "Exists"})),
    ]
    .boxed()
}

/// A requirement of a node pool on a label that only node pools give to nodes.
fn custom(key: &'static str, values: &'static [&'static str]) -> BoxedStrategy<Value> {
    prop_oneof![
        6 => offered(key, values),
        1 => Just(json!({"key": key, "operator": "DoesNotExist"})),
    ]
    .boxed()
}

fn numeric() -> impl Strategy<Value = Value> {
    (
        select(vec!["Gt", "Lt", "Gte", "Lte"]),
        select(vec!["2", "3", "5", "6"]),
    )
        .prop_map(
            |(operator, bound)| json!({"key": GENERATION, "operator": operator, "values": [bound]}),
        )
}

fn node_pool(name: &'static str, pods: &[String]) -> BoxedStrategy<Value> {
    let own = json!({"key": OWN, "operator": "In", "values": pods});
    let arch = prop_oneof![
        4 => offered(ARCH, &["amd64", "arm64"]),
        1 => offered("beta.kubernetes.io/arch", &["amd64", "arm64"]),
    ];
    let generation = prop_oneof![
        2 => custom(GENERATION, &["3", "5", "7"]).prop_map(|requirement| vec![requirement]),
        3 => vec(numeric(), 1..=2),
    ];
    let requirements = (
        option::weighted(0.7, arch),
        option::weighted(0.6, offered(CAPACITY_TYPE, &["spot", "on-demand"])),
        option::weighted(0.4, offered(ZONE, ZONES)),
        option::weighted(0.2, offered(OS, &["linux", "windows"])),
        option::weighted(0.5, custom(TEAM, &["red", "blue", "green"])),
        option::weighted(0.4, generation),
    );
    let labels = (
        option::weighted(0.3, select(vec!["red", "blue"])),
        option::weighted(0.4, select(vec!["ssd", "hdd"])),
    );
    let taint = |key: &'static str, value: Option<&'static str>, effect: &'static str| match value {
        Some(value) => json!({"key": key, "value": value, "effect": effect}),
        None => json!({"key": key, "effect": effect}),
    };
    let taints = prop_oneof![
        8 => Just(vec![]),
        5 => Just(vec![taint(NODE_POOL, Some(name), "NoSchedule")]),
        2 => Just(vec![taint(ARCH, Some("arm64"), "NoSchedule")]),
        1 => Just(vec![taint("example.com/odd", None, "NoExecute")]),
        1 => Just(vec![taint("example.com/odd", Some("very"), "PreferNoSchedule")]),
        1 => Just(vec![
            taint(NODE_POOL, Some(name), "NoSchedule"),
            taint("example.com/odd", Some("very"), "NoExecute"),
        ]),
    ];
    let startup = prop_oneof![
        6 => Just(vec![]),
        1 => Just(vec![taint(STARTUP, None, "NoSchedule")]),
    ];
    (
        requirements,
        labels,
        taints,
        startup,
        option::of(1..=100_u8),
    )
        .prop_map(
            move |(
                (arch, capacity, zone, os, team, generation),
                (red, disk),
                taints,
                startup,
                weight,
            )| {
                let mut labels = Map::new();
                labels.extend(disk.map(|disk| (DISK.to_owned(), json!(disk))));
                // One label is not said twice: what then holds is nobody's to guess.
                if team.is_none() {
                    labels.extend(red.map(|red| (TEAM.to_owned(), json!(red))));
                }
                let requirements: Vec<Value> = [Some(own.clone()), arch, capacity, zone, os, team]
                    .into_iter()
                    .flatten()
                    .chain(generation.unwrap_or_default())
                    .collect();
                let mut spec = json!({
                    // Nothing moves while it is looked at.
                    "disruption": {"consolidationPolicy": "WhenEmpty", "consolidateAfter": "Never"},
                    "template": {
                        "metadata": {"labels": labels},
                        "spec": {
                            "nodeClassRef": {
                                "group": "karpenter.kwok.sh",
                                "kind": "KWOKNodeClass",
                                "name": "default",
                            },
                            "requirements": requirements,
                            "taints": taints,
                            "startupTaints": startup,
                        },
                    },
                });
                if let Some(weight) = weight {
                    spec["weight"] = json!(weight);
                }
                json!({
                    "apiVersion": "karpenter.sh/v1",
                    "kind": "NodePool",
                    "metadata": {"name": name},
                    "spec": spec,
                })
            },
        )
        .boxed()
}

/// Three pools of any of the node pools, some of which the cluster lacks.
fn policy(node_pools: &[Value]) -> BoxedStrategy<Value> {
    let tainted: Vec<String> = node_pools
        .iter()
        .filter(|node_pool| node_pool["spec"]["template"]["spec"]["taints"] != json!([]))
        .filter_map(|node_pool| Some(node_pool["metadata"]["name"].as_str()?.to_owned()))
        .collect();
    let pool = || {
        (
            subsequence(&NODE_POOLS[..], 1..=5).prop_shuffle(),
            any::<bool>(),
        )
    };
    (
        [pool(), pool(), pool()],
        select(vec!["amd64", "arm64", "any"]),
    )
        .prop_map(move |(pools, default)| {
            let pools = pools.iter().zip(["default", "truemark", "batch"]);
            let pools = pools.map(|((names, soft), name)| {
                let may_be_soft = !names
                    .iter()
                    .any(|name| tainted.iter().any(|one| one == name));
                let binding = if *soft && may_be_soft {
                    "Preferred"
                } else {
                    "Required"
                };
                json!({"name": name, "nodePools": names, "binding": binding})
            });
            json!({
                "apiVersion": "placement.truemark.io/v1alpha1",
                "kind": "PlacementPolicy",
                "metadata": {"name": "agreement"},
                "spec": {
                    "architectures": {"known": ["amd64", "arm64"], "default": default},
                    "pools": pools.collect::<Vec<_>>(),
                    "rules": [
                        {
                            "name": "asked-for",
                            "match": {"labels": {"matchExpressions": [
                                {"key": "placement.truemark.io/pool", "operator": "Exists"},
                            ]}},
                            "place": {"poolFromLabel": "placement.truemark.io/pool"},
                        },
                        {
                            "name": "jobs",
                            "match": {"controllers": ["batch/Job"]},
                            "place": {"pool": "batch"},
                        },
                        {"name": "everything-else", "place": {"pool": "default"}},
                    ],
                    // Karpenter is to judge what berth would refuse, and the one check in question is to say all it has.
                    "validation": {
                        "unknownPool": "Off",
                        "notEntitled": "Off",
                        "contradiction": "Off",
                        "unschedulable": "Warn",
                        "selfPlaced": "Off",
                        "wildcardToleration": "Off",
                    },
                },
            })
        })
        .boxed()
}

/// One of the labels, as often as it is to be spoken of.
fn any_label() -> impl Strategy<Value = &'static Label> + Clone {
    let total = LABELS.iter().map(|label| label.weight).sum();
    (0..total).prop_map(|mut position| {
        LABELS
            .iter()
            .find(|label| {
                let found = position < label.weight;
                position = position.saturating_sub(label.weight);
                found
            })
            .unwrap_or(&LABELS[0])
    })
}

/// A value of a label: most often one that nodes have.
fn value_of(label: &'static Label) -> impl Strategy<Value = &'static str> + Clone {
    prop_oneof![19 => select(label.values), 1 => select(label.others)]
}

/// A requirement of a pod, with every operator that the API server takes.
fn requirement() -> BoxedStrategy<Value> {
    let about = any_label().prop_flat_map(|label| {
        let key = label.key;
        let listed = |operator: &'static str| {
            vec(value_of(label), 1..=label.values.len().min(3))
                .prop_map(move |values| json!({"key": key, "operator": operator, "values": values}))
        };
        let absent = if key == NODE_POOL {
            "Exists"
        } else {
            "DoesNotExist"
        };
        prop_oneof![
            12 => listed("In"),
            5 => listed("NotIn"),
            2 => Just(json!({"key": key, "operator": "Exists"})),
            1 => Just(json!({"key": key, "operator": absent})),
        ]
    });
    let bound = (
        select(vec!["Gt", "Lt"]),
        prop_oneof![19 => select(vec!["2", "3", "5", "6"]), 1 => Just("five")],
    )
        .prop_map(
            |(operator, bound)| json!({"key": GENERATION, "operator": operator, "values": [bound]}),
        );
    prop_oneof![9 => about, 1 => bound].boxed()
}

fn term() -> impl Strategy<Value = Value> {
    let filled = |sizes| vec(requirement(), sizes);
    prop_oneof![
        30 => filled(1..=3).prop_map(|list| json!({"matchExpressions": list})),
        1 => Just(json!({})),
    ]
}

fn affinity() -> impl Strategy<Value = Value> {
    let required = prop_oneof![4 => vec(term(), 1..=1), 4 => vec(term(), 2..=3)];
    let preferred = vec(
        (
            prop_oneof![2 => 1..=100_u8, 1 => Just(100)],
            vec(requirement(), 1..=2),
        ),
        1..=2,
    );
    (
        option::weighted(0.7, required),
        option::weighted(0.35, preferred),
    )
        .prop_map(|(required, preferred)| {
            let mut affinity = Map::new();
            if let Some(terms) = required {
                affinity.insert(
                    "requiredDuringSchedulingIgnoredDuringExecution".to_owned(),
                    json!({"nodeSelectorTerms": terms}),
                );
            }
            if let Some(terms) = preferred {
                let terms = terms.into_iter().map(|(weight, list)| {
                    json!({"weight": weight, "preference": {"matchExpressions": list}})
                });
                affinity.insert(
                    "preferredDuringSchedulingIgnoredDuringExecution".to_owned(),
                    terms.collect(),
                );
            }
            json!({"nodeAffinity": affinity})
        })
}

fn toleration() -> impl Strategy<Value = Value> {
    let of_a_node_pool = (
        prop_oneof![4 => select(&NODE_POOLS[..]), 1 => Just("truemark")],
        select(vec!["NoSchedule", "NoExecute", ""]),
    )
        .prop_map(|(name, effect)| match effect {
            "" => json!({"key": NODE_POOL, "operator": "Equal", "value": name}),
            _ => json!({"key": NODE_POOL, "value": name, "effect": effect}),
        });
    let others = select(vec![
        json!({"operator": "Exists"}),
        json!({"operator": "Exists", "effect": "NoSchedule"}),
        json!({"key": NODE_POOL, "operator": "Exists"}),
        json!({"key": NODE_POOL, "operator": "Exists", "effect": "NoSchedule"}),
        json!({"key": ARCH, "operator": "Equal", "value": "arm64", "effect": "NoSchedule"}),
        json!({"key": ARCH, "value": "arm64", "effect": "NoExecute"}),
        json!({"key": "example.com/odd", "operator": "Exists"}),
        json!({"key": "example.com/odd", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 3600}),
        json!({"key": "example.com/odd", "value": "very", "effect": "PreferNoSchedule"}),
    ]);
    prop_oneof![3 => of_a_node_pool, 2 => others]
}

fn pod() -> BoxedStrategy<Sketch> {
    let pool = prop_oneof![
        12 => Just(None),
        4 => Just(Some("default")),
        4 => Just(Some("truemark")),
        4 => Just(Some("batch")),
        1 => Just(Some("trumark")),
    ];
    let arch = prop_oneof![
        6 => Just(None),
        2 => select(vec![Some("amd64"), Some("arm64")]),
        3 => Just(Some("any")),
    ];
    let entry = any_label().prop_flat_map(|label| (Just(label.key), value_of(label)));
    let selector = prop_oneof![
        5 => Just(vec![]),
        3 => vec(entry.clone(), 1..=1),
        1 => vec(entry, 2..=2),
    ];
    let tolerations = prop_oneof![
        3 => Just(vec![]),
        2 => vec(toleration(), 1..=3),
    ];
    (
        (pool, arch),
        selector,
        option::weighted(0.6, affinity()),
        tolerations,
        prop_oneof![4 => Just(false), 1 => Just(true)],
    )
        .prop_map(
            |((pool, arch), selector, affinity, tolerations, of_a_job)| {
                let mut labels = Map::new();
                for (name, value) in [("pool", pool), ("arch", arch)] {
                    let value =
                        value.map(|value| (format!("placement.truemark.io/{name}"), json!(value)));
                    labels.extend(value);
                }
                let selector: Map<String, Value> = selector
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), json!(value)))
                    .collect();
                let mut spec = json!({"nodeSelector": selector, "tolerations": tolerations});
                if let Some(affinity) = affinity {
                    spec["affinity"] = affinity;
                }
                Sketch {
                    labels,
                    spec,
                    of_a_job,
                }
            },
        )
        .boxed()
}
