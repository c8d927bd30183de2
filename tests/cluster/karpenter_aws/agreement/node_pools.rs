//! Generated node pools on AWS, in every state.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::labels::{
    CATEGORIES, CATEGORY, CPUS, FAMILIES, FAMILY, GENERATIONS, HYPERVISOR, INSTANCE_GENERATION,
    MEMORIES, MEMORY, SIZE, SIZES, ZONE_ID, ZONE_IDS, ZONES,
};
use crate::agreement::labels::{DISK, GENERATION, TEAM};
use crate::agreement::names::{ARCH, CAPACITY_TYPE, CPU, INSTANCE_TYPE, ZONE};
use crate::agreement::node_pools::{self, Offer, custom, numeric, offered};

/// The state of a node pool: what it does with a pod that fits.
#[derive(Debug, Clone, Copy)]
enum State {
    /// It makes a node.
    Ready,
    /// It has a fixed number of nodes.
    Static(u8),
    /// Its node class does not exist.
    Unready,
    /// It is at its limit.
    Full,
}

pub(super) fn node_pool(name: &'static str, pods: &[String]) -> BoxedStrategy<Value> {
    let node_class = json!({"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "berth"});
    let state = prop_oneof![
        30 => Just(State::Ready),
        1 => Just(State::Static(0)),
        1 => Just(State::Static(2)),
        2 => Just(State::Unready),
        2 => Just(State::Full),
    ];
    (
        node_pools::node_pool(name, pods, node_class, offer()),
        state,
    )
        .prop_map(|(mut node_pool, state)| {
            let spec = &mut node_pool["spec"];
            match state {
                State::Ready => {}
                State::Static(replicas) => {
                    spec["replicas"] = json!(replicas);
                    // It may have none.
                    spec.as_object_mut().map(|spec| spec.remove("weight"));
                }
                State::Unready => {
                    spec["template"]["spec"]["nodeClassRef"]["name"] = json!("missing");
                }
                State::Full => spec["limits"] = json!({"cpu": "0"}),
            }
            node_pool
        })
        .boxed()
}

fn offer() -> impl Strategy<Value = Offer> {
    let arch = prop_oneof![
        6 => offered(ARCH, &["amd64", "arm64"]),
        1 => offered("beta.kubernetes.io/arch", &["amd64", "arm64"]),
    ];
    let zone = prop_oneof![3 => offered(ZONE, ZONES), 1 => offered(ZONE_ID, ZONE_IDS)];
    let capacity = prop_oneof![
        6 => offered(CAPACITY_TYPE, &["spot", "on-demand"]),
        1 => offered(CAPACITY_TYPE, &["reserved", "on-demand"]),
    ];
    let of_nodes = (
        option::weighted(0.8, arch),
        option::weighted(0.7, capacity),
        option::weighted(0.3, zone),
        option::weighted(0.4, custom(TEAM, &["red", "blue", "green"])),
        option::weighted(0.2, custom(GENERATION, &["3", "5", "7"])),
        option::weighted(
            0.06,
            offered("eks.amazonaws.com/instance-category", &["c", "m"]),
        ),
    );
    let of_types = (
        option::weighted(0.5, some_of(CATEGORY, CATEGORIES)),
        option::weighted(0.12, some_of(FAMILY, FAMILIES)),
        option::weighted(0.35, vec(generation(), 1..=1)),
        option::weighted(
            0.3,
            prop_oneof![
                some_of(CPU, CPUS).prop_map(|cpus| vec![cpus]),
                vec(numeric(CPU, &["2", "4", "8", "31"]), 1..=2),
            ],
        ),
        option::weighted(
            0.08,
            prop_oneof![
                offered(MEMORY, MEMORIES),
                numeric(MEMORY, &["4096", "30000", "131072"]).boxed(),
            ],
        ),
        option::weighted(0.1, offered(SIZE, SIZES)),
        option::weighted(0.25, offered(HYPERVISOR, &["nitro", "xen"])),
        option::weighted(
            0.04,
            offered(INSTANCE_TYPE, &["m5.large", "c6i.xlarge", "m7g.xlarge"]),
        ),
    );
    let labels = (
        option::weighted(0.3, select(vec!["red", "blue"])),
        option::weighted(0.4, select(vec!["ssd", "hdd"])),
    );
    (of_nodes, of_types, labels).prop_map(|(of_nodes, of_types, (red, disk))| {
        let (arch, capacity, zone, team, generation, elsewhere) = of_nodes;
        let (category, family, generations, cpus, memory, size, hypervisor, one_type) = of_types;
        let mut labels = Map::new();
        labels.extend(disk.map(|disk| (DISK.to_owned(), json!(disk))));
        // A node pool does not name a label twice, since its meaning would be unclear.
        if team.is_none() {
            labels.extend(red.map(|red| (TEAM.to_owned(), json!(red))));
        }
        let single = [
            arch, capacity, zone, team, generation, elsewhere, category, family, memory, size,
            hypervisor, one_type,
        ];
        let several = [generations, cpus].into_iter().flatten().flatten();
        let requirements = single.into_iter().flatten().chain(several);
        (requirements.collect(), labels)
    })
}

fn generation() -> BoxedStrategy<Value> {
    prop_oneof![
        1 => offered(INSTANCE_GENERATION, GENERATIONS),
        2 => numeric(INSTANCE_GENERATION, &["3", "4", "5", "7"]),
    ]
    .boxed()
}

/// Generates a requirement for some of the values, at times for a number of different ones.
fn some_of(key: &'static str, values: &'static [&'static str]) -> BoxedStrategy<Value> {
    (offered(key, values), option::weighted(0.15, 2..=3_usize))
        .prop_map(|(mut requirement, at_least)| {
            let listed = requirement["values"].as_array().map(Vec::len);
            let can_have = match (requirement["operator"].as_str(), listed) {
                (Some("In"), Some(listed)) => listed,
                (Some("Exists"), _) => usize::MAX,
                _ => 0,
            };
            if let Some(at_least) = at_least.filter(|at_least| *at_least <= can_have) {
                requirement["minValues"] = json!(at_least);
            }
            requirement
        })
        .boxed()
}
