//! Pods, node pools and policies as people, other webhooks and attackers write them.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

use crate::reviews;

/// The node pools that generated policies and pods name.
pub(crate) const NODE_POOLS: [&str; 6] = [
    "amd64-default",
    "arm64-default",
    "truemark-amd64",
    "truemark-arm64",
    "amd64-batch",
    "arm64-batch",
];

/// The labels by which nodes carry the names of their node pools: Karpenter's, and another platform's.
pub(crate) const NODE_LABELS: [&str; 2] =
    ["karpenter.sh/nodepool", "scheduling.cast.ai/node-template"];

/// Names for the second, of both kinds of generated worlds.
const TEMPLATES: [&str; 6] = [
    "amd64-default",
    "truemark-amd64",
    "amd64-batch",
    "default-by-castai",
    "batch-amd64",
    "batch-arm64",
];

const CAPACITY_TYPE: &str = "karpenter.sh/capacity-type";
const ZONE: &str = "topology.kubernetes.io/zone";
const CPU: &str = "karpenter.k8s.aws/instance-cpu";
/// A key with everything in it that a JSON pointer has to escape.
const ODD: &str = "example.com/a~b";

/// The labels that generated requirements are about, each with values for it.
const LABELS: [(&str, &[&str]); 14] = [
    ("kubernetes.io/arch", &["amd64", "arm64", "s390x"]),
    ("beta.kubernetes.io/arch", &["amd64", "arm64"]),
    (NODE_LABELS[0], &NODE_POOLS),
    (NODE_LABELS[1], &TEMPLATES),
    ("scheduling.cast.ai/spot", &["true"]),
    (CAPACITY_TYPE, &["spot", "on-demand"]),
    (ZONE, &["eu-1a", "eu-1b"]),
    (
        "failure-domain.beta.kubernetes.io/zone",
        &["eu-1a", "eu-1b"],
    ),
    (CPU, &["4", "8", "12"]),
    ("example.com/team", &["red", "blue", ""]),
    (ODD, &["x"]),
    ("kubernetes.io/os", &["linux", "windows"]),
    ("kubernetes.io/hostname", &["ip-10-0-0-1"]),
    ("eks.amazonaws.com/compute-type", &["auto", "fargate"]),
];

/// How often a label is picked: some decide, others only exempt.
fn label() -> impl Strategy<Value = (&'static str, &'static [&'static str])> {
    prop_oneof![
        4 => select(&LABELS[0..2]),
        4 => select(&LABELS[2..4]),
        6 => select(&LABELS[4..11]),
        1 => select(&LABELS[11..14]),
    ]
}

/// An object of fields, each left out, `null` or there, by weight.
fn object(fields: Vec<(&'static str, u32, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, weight, value)| {
            let value = prop_oneof![
                8 => Just(None),
                1 => Just(Some(Value::Null)),
                weight => value.prop_map(Some),
            ];
            (Just(name), value)
        })
        .collect();
    fields
        .prop_map(|fields| {
            let present = fields
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)));
            Value::Object(present.collect())
        })
        .boxed()
}

fn requirement() -> BoxedStrategy<Value> {
    let numeric = (
        select(vec!["Gt", "Lt", "Gte", "Lte"]),
        select(vec!["4", "7", "x"]),
    )
        .prop_map(|(operator, bound)| json!({"key": CPU, "operator": operator, "values": [bound]}));
    let set = (label(), select(vec!["In", "In", "In", "NotIn"])).prop_flat_map(
        |((key, values), operator)| {
            // What lies between two bounds is not counted, so NotIn stays away from numbers.
            let operator = if key == CPU { "In" } else { operator };
            vec(select(values), 0..4)
                .prop_map(move |values| json!({"key": key, "operator": operator, "values": values}))
        },
    );
    let presence = (
        label(),
        select(vec!["Exists", "DoesNotExist", "Near"]),
        0..3_u8,
    )
        .prop_map(|((key, _), operator, values)| match values {
            0 => json!({"key": key, "operator": operator}),
            1 => json!({"key": key, "operator": operator, "values": null}),
            _ => json!({"key": key, "operator": operator, "values": []}),
        });
    prop_oneof![2 => numeric, 8 => set, 2 => presence].boxed()
}

fn term() -> BoxedStrategy<Value> {
    let expressions = vec(requirement(), 0..4).prop_map(Value::from);
    let filled =
        vec(requirement(), 1..4).prop_map(|expressions| json!({"matchExpressions": expressions}));
    let fields = prop_oneof![
        9 => Just(json!([])),
        1 => Just(json!([{"key": "metadata.name", "operator": "In", "values": ["n1"]}])),
    ];
    prop_oneof![
        3 => filled,
        1 => object(vec![
            ("matchExpressions", 8, expressions.boxed()),
            ("matchFields", 1, fields.boxed()),
        ]),
    ]
    .boxed()
}

fn node_affinity() -> BoxedStrategy<Value> {
    let terms = prop_oneof![
        1 => Just(json!([])),
        9 => vec(term(), 1..4).prop_map(Value::from),
    ];
    let ours = json!([{
        "weight": 100,
        "preference": {"matchExpressions": [
            {"key": "karpenter.sh/nodepool", "operator": "In", "values": ["amd64-default"]},
        ]},
    }]);
    let preferred = vec((1..101_u8, term()), 0..3).prop_map(|terms| {
        let terms = terms.into_iter();
        let terms = terms.map(|(weight, term)| json!({"weight": weight, "preference": term}));
        terms.collect::<Value>()
    });
    object(vec![
        (
            "requiredDuringSchedulingIgnoredDuringExecution",
            24,
            object(vec![("nodeSelectorTerms", 80, terms.boxed())]),
        ),
        (
            "preferredDuringSchedulingIgnoredDuringExecution",
            4,
            prop_oneof![4 => preferred, 1 => Just(ours)].boxed(),
        ),
    ])
}

/// A toleration, of a taint of the generated node pools or of another.
pub(crate) fn toleration() -> impl Strategy<Value = Value> {
    let of_a_node_pool = (
        select(vec!["karpenter.sh/nodepool", "kubernetes.io/arch"]),
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
        json!({"key": "karpenter.sh/nodepool", "operator": "Exists"}),
        json!({"key": "example.com/odd", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}),
        json!({"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}),
        json!({"key": "karpenter.sh/nodepool", "operator": "Gt", "value": "900"}),
        json!({"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}),
        json!({}),
    ]);
    prop_oneof![of_a_node_pool, others]
}

fn labels() -> BoxedStrategy<Value> {
    let text = |values: &'static [&'static str]| select(values).prop_map(Value::from).boxed();
    object(vec![
        (
            "placement.truemark.io/pool",
            5,
            text(&["default", "truemark", "batch", "batch", "trumark"]),
        ),
        (
            "placement.truemark.io/arch",
            4,
            text(&["amd64", "arm64", "any", "riscv"]),
        ),
        ("app", 8, text(&["web", "tilde~slash/"])),
        (
            "placement.truemark.io/injection",
            1,
            text(&["enabled", "enabled", "disabled"]),
        ),
    ])
}

fn metadata() -> BoxedStrategy<Value> {
    let annotation = || Just(json!("by hand")).boxed();
    let annotations = object(vec![
        ("karpenter.sh/do-not-disrupt", 1, annotation()),
        ("placement.truemark.io/decision", 1, annotation()),
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

/// A spec of a pod that most often is not exempt.
fn spec() -> BoxedStrategy<Value> {
    let selector = vec(
        label().prop_flat_map(|(key, values)| (Just(key), select(values))),
        0..3,
    );
    let selector = selector.prop_map(|entries| {
        let entries = entries.into_iter();
        Value::Object(
            entries
                .map(|(key, value)| (key.to_owned(), value.into()))
                .collect(),
        )
    });
    let affinity = object(vec![
        ("nodeAffinity", 40, node_affinity()),
        (
            "podAntiAffinity",
            2,
            Just(json!({"preferredDuringSchedulingIgnoredDuringExecution": []})).boxed(),
        ),
    ]);
    let tolerations = vec(toleration(), 0..4).prop_map(Value::from);
    let containers =
        json!([{"name": "app", "image": "app", "resources": {"requests": {"cpu": "500m"}}}]);
    let usual = object(vec![
        ("nodeSelector", 6, selector.boxed()),
        ("affinity", 24, affinity),
        ("tolerations", 8, tolerations.boxed()),
        ("containers", 40, Just(containers).boxed()),
        ("futureField", 1, Just(json!({"x": [1, null]})).boxed()),
    ]);
    let gpu = json!([{"name": "app", "resources": {"limits": {"nvidia.com/gpu": "1"}}}]);
    let exempting = select(vec![
        ("nodeName", json!("n1")),
        ("os", json!({"name": "windows"})),
        ("schedulerName", json!("volcano")),
        ("priorityClassName", json!("system-node-critical")),
        ("containers", gpu),
        ("resourceClaims", json!([{"name": "gpu"}])),
    ]);
    (usual, option::weighted(0.05, exempting))
        .prop_map(|(mut spec, exempting)| {
            if let Some((field, value)) = exempting {
                spec[field] = value;
            }
            spec
        })
        .boxed()
}

/// An object that berth reads: a pod, or a workload with such a pod as its template.
pub(crate) fn workload() -> BoxedStrategy<Value> {
    let pod = (
        prop_oneof![8 => metadata().prop_map(Some), 1 => Just(None), 1 => Just(Some(Value::Null))],
        spec(),
    );
    let pod = pod.prop_map(|(metadata, spec)| {
        let mut pod = Map::new();
        if let Some(metadata) = metadata {
            pod.insert("metadata".to_owned(), metadata);
        }
        pod.insert("spec".to_owned(), spec);
        Value::Object(pod)
    });
    (pod, 0..10_u8).prop_map(|(mut pod, kind)| {
        let (version, kind) = match kind {
            0 => ("batch/v1", "Job"),
            1 => ("apps/v1", "Deployment"),
            2 => ("apps/v1", "StatefulSet"),
            3 => {
                return json!({
                    "apiVersion": "batch/v1",
                    "kind": "CronJob",
                    "spec": {"schedule": "@daily", "jobTemplate": {"spec": {"template": pod}}},
                });
            }
            _ => {
                pod["apiVersion"] = "v1".into();
                pod["kind"] = "Pod".into();
                return pod;
            }
        };
        json!({"apiVersion": version, "kind": kind, "metadata": {"name": "w"}, "spec": {"template": pod}})
    })
    .boxed()
}

/// Any JSON at all, made mostly of the words that berth reads (T38).
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    const WORDS: [&str; 22] = [
        "metadata",
        "spec",
        "template",
        "jobTemplate",
        "labels",
        "annotations",
        "ownerReferences",
        "nodeSelector",
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "preferredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
        "matchExpressions",
        "matchFields",
        "tolerations",
        "containers",
        "resources",
        "limits",
        "key",
        "operator",
        "values",
    ];
    let leaf = prop_oneof![
        3 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        2 => ".{0,6}".prop_map(Value::from),
        2 => select(&WORDS[..]).prop_map(Value::from),
        2 => Just(json!({})),
        2 => Just(json!([])),
    ];
    let value = leaf.prop_recursive(6, 60, 5, |inner| {
        let key = prop_oneof![8 => select(&WORDS[..]).prop_map(str::to_owned), 1 => ".{0,6}"];
        prop_oneof![
            1 => vec(inner.clone(), 0..4).prop_map(Value::from),
            4 => proptest::collection::hash_map(key, inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    // Half of them start like a pod, or nothing would ever be read to the end.
    (value.clone(), value, any::<bool>()).prop_map(|(a, b, shaped)| {
        if shaped {
            json!({"metadata": a, "spec": b})
        } else {
            a
        }
    })
}

/// A policy and the node pools of a cluster.
#[derive(Debug, Clone)]
pub(crate) struct World {
    /// The policy's document.
    pub(crate) policy: Value,
    /// Entries of a policy's catalogue.
    pub(crate) node_pools: Vec<Value>,
}

impl World {
    /// The one that ships.
    pub(crate) fn shipped() -> Self {
        Self {
            policy: reviews::shipped_policy(),
            node_pools: reviews::shipped_node_pools(),
        }
    }

    /// The one that ships for CAST AI, whose node pools stand in the policy itself.
    pub(crate) fn cast_ai() -> Self {
        let mut policy = reviews::policy_of("deploy/platforms/cast-ai/policy.yaml");
        let node_pools = policy["spec"]["catalogue"].take();
        policy["spec"]["catalogue"] = json!([]);
        Self {
            policy,
            node_pools: serde_json::from_value(node_pools).unwrap(),
        }
    }

    /// One that ships, or any that berth accepts.
    pub(crate) fn any() -> BoxedStrategy<Self> {
        prop_oneof![
            2 => Just(Self::shipped()),
            1 => Just(Self::cast_ai()),
            3 => world(),
        ]
        .boxed()
    }

    /// What berth makes of it.
    pub(crate) fn snapshot(&self) -> berth::placement::Snapshot {
        reviews::snapshot(self.policy.clone(), Some(&self.node_pools)).unwrap()
    }
}

fn node_pool(name: &'static str) -> BoxedStrategy<Value> {
    let requirement = |key: &'static str, values: &'static [&'static str]| {
        subsequence(values, 1..=values.len())
            .prop_map(move |values| json!({"key": key, "operator": "In", "values": values}))
            .boxed()
    };
    let of_arch = prop_oneof![
        4 => requirement("kubernetes.io/arch", &["amd64", "arm64"]),
        1 => Just(json!({"key": "beta.kubernetes.io/arch", "operator": "NotIn", "values": ["arm64"]})),
    ];
    let of_zone = prop_oneof![
        requirement(ZONE, &["eu-1a", "eu-1b"]),
        Just(json!({"key": ZONE, "operator": "NotIn", "values": ["eu-1b"]})),
    ];
    let of_cpu = prop_oneof![
        requirement(CPU, &["4", "8", "12"]),
        Just(json!({"key": CPU, "operator": "Gt", "values": ["7"]})),
        Just(json!({"key": CPU, "operator": "Lte", "values": ["4"]})),
    ];
    let of_team = prop_oneof![
        requirement("example.com/team", &["red", "blue"]),
        Just(json!({"key": "example.com/team", "operator": "Exists"})),
        Just(json!({"key": "example.com/team", "operator": "DoesNotExist"})),
    ];
    let taints = prop_oneof![
        3 => Just(json!([])),
        3 => Just(json!([{"key": "karpenter.sh/nodepool", "value": name, "effect": "NoSchedule"}])),
        1 => Just(json!([{"key": "example.com/odd", "effect": "NoExecute"}])),
        1 => Just(json!([
            {"key": "karpenter.sh/nodepool", "value": name, "effect": "NoSchedule"},
            {"key": "example.com/odd", "effect": "NoExecute"},
        ])),
        1 => Just(json!([
            {"key": "example.com/odd", "effect": "PreferNoSchedule"},
            {"key": "kubernetes.io/arch", "value": "arm64", "effect": "NoSchedule"},
        ])),
    ];
    let requirements = (
        option::weighted(0.9, of_arch),
        option::weighted(0.7, requirement(CAPACITY_TYPE, &["spot", "on-demand"])),
        option::weighted(0.2, of_zone),
        option::weighted(0.2, of_cpu),
        option::weighted(0.2, of_team),
    );
    (requirements, taints)
        .prop_map(move |((arch, capacity, zone, cpu, team), taints)| {
            let requirements: Vec<Value> = [arch, capacity, zone, cpu, team]
                .into_iter()
                .flatten()
                .collect();
            json!({"name": name, "requirements": requirements, "taints": taints})
        })
        .boxed()
}

/// The label by which a node pool's nodes carry its name.
pub(crate) fn node_label(node_pool: &Value) -> &str {
    node_pool["nodeLabel"].as_str().unwrap_or(NODE_LABELS[0])
}

/// The node label of each node pool: all of Karpenter's, all of another, or some of each.
fn node_labels() -> impl Strategy<Value = [&'static str; 6]> {
    let [karpenters, other] = NODE_LABELS;
    prop_oneof![
        3 => Just([karpenters; 6]),
        1 => Just([other; 6]),
        2 => proptest::array::uniform6(select(&NODE_LABELS[..])),
    ]
}

/// A cluster whose node pools and policy are anything that berth accepts.
pub(crate) fn world() -> BoxedStrategy<World> {
    let node_pools = NODE_POOLS.map(|name| option::weighted(0.85, node_pool(name)));
    let pools = || subsequence(&NODE_POOLS[..], 1..=3).prop_shuffle();
    let known = select(vec![
        json!(["amd64", "arm64"]),
        json!(["arm64", "amd64"]),
        json!(["amd64", "arm64", "s390x"]),
    ]);
    let choice = || select(vec!["amd64", "arm64", "any"]);
    let mode = || prop_oneof![9 => Just("Enforce"), 1 => Just("Audit")];
    (
        (node_pools, node_labels()),
        [pools(), pools(), pools()],
        [any::<bool>(), any::<bool>(), any::<bool>()],
        (known, choice(), option::weighted(0.3, choice())),
        (mode(), mode()),
    )
        .prop_map(
            |(
                (node_pools, labels),
                mut pools,
                soft,
                (known, default, of_rule),
                (mode, rule_mode),
            )| {
                let labelled = node_pools.into_iter().zip(labels);
                let labelled = labelled.filter_map(|(node_pool, label)| {
                    let mut node_pool = node_pool?;
                    node_pool["nodeLabel"] = label.into();
                    Some(node_pool)
                });
                let node_pools: Vec<Value> = labelled.collect();
                // The node pools of a pool share their label, as far as the cluster has them.
                for pool in &mut pools {
                    let label = |name: &str| {
                        let mut node_pools = node_pools.iter();
                        let node_pool = node_pools.find(|node_pool| node_pool["name"] == name)?;
                        Some(&node_pool["nodeLabel"])
                    };
                    let first = pool.iter().find_map(|name| label(name));
                    pool.retain(|name| label(name).is_none_or(|label| Some(label) == first));
                }
                let tainted = |names: &[&str]| {
                    node_pools.iter().any(|node_pool| {
                        names.contains(&node_pool["name"].as_str().unwrap())
                            && node_pool["taints"] != json!([])
                    })
                };
                let names = ["default", "truemark", "batch"];
                let pools: Vec<Value> = pools
                    .iter()
                    .zip(names)
                    .zip(soft)
                    .map(|((node_pools, name), soft)| {
                        let binding = if soft && !tainted(node_pools) {
                            "Preferred"
                        } else {
                            "Required"
                        };
                        json!({
                            "name": name,
                            "nodePools": node_pools,
                            "binding": binding,
                            "annotations": {"karpenter.sh/do-not-disrupt": "true"},
                        })
                    })
                    .collect();
                let mut policy = reviews::policy_with(&json!({
                    "mode": mode,
                    "architectures": {"known": known, "default": default},
                    "pools": pools,
                }));
                policy["spec"]["rules"][2]["mode"] = rule_mode.into();
                if let Some(architecture) = of_rule {
                    policy["spec"]["rules"][1]["place"]["architecture"] = architecture.into();
                }
                World { policy, node_pools }
            },
        )
        .boxed()
}
