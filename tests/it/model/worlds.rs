//! Generated worlds: a policy, and the node pools of a cluster.

use std::sync::Arc;

use berth::node::Catalogue;
use berth::placement::Snapshot;
use proptest::array::uniform6;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use super::karpenter::node_label;
use super::names::{INJECTION_LABEL, NODE_POOL, NODE_POOLS, NODE_TEMPLATE, POOL_LABEL};
use super::node_pools::node_pool;
use crate::harness::repository::{policy_with, shipped_node_pools, shipped_policy, value_of};
use crate::harness::snapshots::{NAMESPACE, snapshot, with_node_pools};

/// A policy and the node pools of a cluster.
#[derive(Debug, Clone)]
pub(crate) struct World {
    /// The policy's document.
    pub(crate) policy: Value,
    /// The node pools that the cluster has from the beginning: entries of a policy's catalogue.
    pub(crate) node_pools: Vec<Value>,
    /// The node pools that appear later. The policy is not refused for them.
    pub(crate) late: Vec<Value>,
    /// The pool that the label of a review's namespace names, which the policy may not have.
    pub(crate) of_namespace: Option<&'static str>,
}

impl World {
    /// Returns the world that ships for Karpenter.
    pub(crate) fn shipped() -> Self {
        Self {
            policy: shipped_policy(),
            node_pools: shipped_node_pools(),
            late: Vec::new(),
            of_namespace: None,
        }
    }

    /// Returns the world that ships for CAST AI, whose node pools are in the policy itself.
    pub(crate) fn cast_ai() -> Self {
        let mut policy = value_of("deploy/platforms/cast-ai/policy.yaml");
        let node_pools = policy["spec"]["catalogue"].take();
        policy["spec"]["catalogue"] = json!([]);
        Self {
            policy,
            node_pools: serde_json::from_value(node_pools).unwrap(),
            late: Vec::new(),
            of_namespace: None,
        }
    }

    /// Generates a world that ships, or any that berth accepts.
    pub(crate) fn any() -> BoxedStrategy<Self> {
        let world = prop_oneof![
            2 => Just(Self::shipped()),
            1 => Just(Self::cast_ai()),
            3 => world(),
        ];
        let of_namespace = select(vec!["default", "truemark", "batch", "bach", ""]);
        (world, option::weighted(0.3, of_namespace))
            .prop_map(|(world, of_namespace)| Self {
                of_namespace,
                ..world
            })
            .boxed()
    }

    /// Generates the world that ships for Karpenter, or any that berth accepts, by weight.
    pub(crate) fn shipped_or_any(shipped: u32, any: u32) -> BoxedStrategy<Self> {
        prop_oneof![shipped => Just(Self::shipped()), any => world()].boxed()
    }

    /// Closes pools to all namespaces but those of the team `payments`.
    pub(crate) fn close(&mut self, closed: [bool; 3]) {
        let pools = self.policy["spec"]["pools"].as_array_mut().unwrap();
        for (pool, closed) in pools.iter_mut().zip(closed) {
            if closed {
                pool["namespaces"] = json!({"matchLabels": {"team": "payments"}});
            }
        }
    }

    /// Returns all node pools of the cluster.
    pub(crate) fn cluster(&self) -> impl Iterator<Item = &Value> {
        self.node_pools.iter().chain(&self.late)
    }

    /// Returns the snapshot that berth makes of it.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut snapshot = snapshot(&self.policy, Some(&self.node_pools)).unwrap();
        let known = Catalogue::clone(&snapshot.catalogue);
        snapshot.catalogue = Arc::new(with_node_pools(known, &self.late));
        if let Some(pool) = self.of_namespace {
            let labels = [(INJECTION_LABEL, "enabled"), (POOL_LABEL, pool)];
            let labels = Arc::new(labels.into_iter().collect());
            snapshot.namespaces.insert_mut(NAMESPACE.into(), labels);
        }
        snapshot
    }
}

/// The parts of a generated world.
#[derive(Debug)]
struct Sketch {
    /// The node pools that the cluster may have, each with its node label, and true if it appears late.
    node_pools: ([Option<Value>; 6], [&'static str; 6], [bool; 6]),
    /// The names of each pool's node pools.
    pools: [Vec<&'static str>; 3],
    /// True for the pools that had rather bind softly.
    soft: [bool; 3],
    architectures: Value,
    /// The architecture of the second rule.
    of_rule: Option<&'static str>,
    mode: &'static str,
    /// The mode of the last rule.
    of_last: &'static str,
}

/// Generates a cluster whose node pools and policy are anything that berth accepts.
fn world() -> BoxedStrategy<World> {
    let node_pools = NODE_POOLS.map(|name| option::weighted(0.85, node_pool(name)));
    let pool = || subsequence(&NODE_POOLS[..], 1..=3).prop_shuffle();
    let known = select(vec![
        json!(["amd64", "arm64"]),
        json!(["arm64", "amd64"]),
        json!(["amd64", "arm64", "s390x"]),
    ]);
    let choice = || select(vec!["amd64", "arm64", "any"]);
    let architectures =
        (known, choice()).prop_map(|(known, default)| json!({"known": known, "default": default}));
    let mode = || prop_oneof![9 => Just("Enforce"), 1 => Just("Audit")];
    let late = prop_oneof![4 => Just([false; 6]), 1 => any::<[bool; 6]>()];
    (
        (node_pools, node_labels(), late),
        [pool(), pool(), pool()],
        any::<[bool; 3]>(),
        (architectures, option::weighted(0.3, choice())),
        (mode(), mode()),
    )
        .prop_map(
            |(node_pools, pools, soft, (architectures, of_rule), (mode, of_last))| {
                Sketch {
                    node_pools,
                    pools,
                    soft,
                    architectures,
                    of_rule,
                    mode,
                    of_last,
                }
                .world()
            },
        )
        .boxed()
}

/// Generates the node label of each node pool: all of Karpenter's, all of another platform, or some of each.
fn node_labels() -> impl Strategy<Value = [&'static str; 6]> {
    prop_oneof![
        3 => Just([NODE_POOL; 6]),
        1 => Just([NODE_TEMPLATE; 6]),
        2 => uniform6(select(vec![NODE_POOL, NODE_TEMPLATE])),
    ]
}

impl Sketch {
    fn world(self) -> World {
        let (entries, labels, late_ones) = self.node_pools;
        let (mut node_pools, mut late) = (Vec::new(), Vec::new());
        for ((entry, label), is_late) in entries.into_iter().zip(labels).zip(late_ones) {
            let Some(mut node_pool) = entry else { continue };
            node_pool["nodeLabel"] = label.into();
            let list = if is_late { &mut late } else { &mut node_pools };
            list.push(node_pool);
        }
        let names = ["default", "truemark", "batch"].into_iter();
        let pools = names.zip(self.pools).zip(self.soft);
        let pools: Vec<Value> = pools
            .map(|((name, listed), soft)| pool(name, listed, soft, &node_pools))
            .collect();
        let mut policy = policy_with(&json!({
            "mode": self.mode,
            "architectures": self.architectures,
            "pools": pools,
        }));
        let rules = &mut policy["spec"]["rules"];
        rules[3]["mode"] = self.of_last.into();
        if let Some(architecture) = self.of_rule {
            rules[1]["place"]["architecture"] = architecture.into();
        }
        World {
            policy,
            node_pools,
            late,
            of_namespace: None,
        }
    }
}

/// Makes a pool that berth accepts. Of these node pools, those that it lists share their label, and it binds softly only if
/// none of them is tainted.
fn pool(name: &str, mut listed: Vec<&str>, soft: bool, node_pools: &[Value]) -> Value {
    let entry = |name: &str| {
        let mut node_pools = node_pools.iter();
        node_pools.find(|node_pool| node_pool["name"] == name)
    };
    let label = |name: &str| entry(name).map(node_label);
    let first = listed.iter().find_map(|name| label(name));
    listed.retain(|name| label(name).is_none_or(|label| Some(label) == first));
    let is_tainted =
        |name: &&str| entry(name).is_some_and(|node_pool| node_pool["taints"] != json!([]));
    let binding = if soft && !listed.iter().any(is_tainted) {
        "Preferred"
    } else {
        "Required"
    };
    json!({
        "name": name,
        "nodePools": listed,
        "binding": binding,
        "annotations": {"karpenter.sh/do-not-disrupt": "true"},
    })
}
