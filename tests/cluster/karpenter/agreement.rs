//! The agreement of berth with Karpenter on KWOK's provider, whose instances are nodes at once.
//!
//! Node pools and pods speak only of labels whose meaning berth and this provider share. The generator leaves out:
//! - `karpenter.kwok.sh/*`, which are well known to KWOK alone;
//! - `karpenter.k8s.aws/*` and `eks.amazonaws.com/*`, which are well known to berth and custom here;
//! - regions and Windows builds, which KWOK's instances lack;
//! - `karpenter.sh/nodepool DoesNotExist`, by which a pod asks not to be Karpenter's.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::agreement::labels::{DISK, GENERATION, Label, NODE_POOLS, TEAM, Vocabulary, label};
use crate::agreement::names::{ARCH, CAPACITY_TYPE, NODE_POOL, OS, ZONE};
use crate::agreement::node_pools::{self, Offer, custom, numeric, offered};
use crate::agreement::pods::{self, Sketch};
use crate::agreement::provider::{Evidence, Provider};
use crate::agreement::selectors::one_of;
use crate::harness::cluster::Cluster;
use crate::harness::node_pools::node_class;

const ZONES: &[&str] = &["test-zone-a", "test-zone-b", "test-zone-c", "test-zone-d"];

static LABELS: [Label; 14] = [
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

static VOCABULARY: Vocabulary = Vocabulary {
    labels: &LABELS,
    bounds: &[(GENERATION, &["2", "3", "5", "6"])],
};

const KWOK: Provider = Provider {
    program: "karpenter",
    node_pool,
    pod,
    evidence: Evidence::Bound,
    facts: || {
        let values: [(&str, &[&str]); 4] = [
            (ARCH, &["amd64", "arm64"]),
            (OS, &["linux", "windows"]),
            (CAPACITY_TYPE, &["spot", "on-demand"]),
            (ZONE, ZONES),
        ];
        let facts = values.map(|(key, values)| one_of(key, values));
        vec![facts.to_vec()]
    },
    depends_on_types: &[],
    pods: 240,
    // Enough for a batch of Karpenter's, and few enough that their nodes cost little.
    pods_of_a_round: 60,
};

pub(crate) async fn agreement(cluster: &Cluster) -> anyhow::Result<()> {
    crate::agreement::run(cluster, &KWOK).await
}

fn node_pool(name: &'static str, pods: &[String]) -> BoxedStrategy<Value> {
    node_pools::node_pool(name, pods, node_class(), offer())
}

fn pod() -> BoxedStrategy<Sketch> {
    pods::pod(&VOCABULARY)
}

fn offer() -> impl Strategy<Value = Offer> {
    let arch = prop_oneof![
        4 => offered(ARCH, &["amd64", "arm64"]),
        1 => offered("beta.kubernetes.io/arch", &["amd64", "arm64"]),
    ];
    let generation = prop_oneof![
        2 => custom(GENERATION, &["3", "5", "7"]).prop_map(|requirement| vec![requirement]),
        3 => vec(numeric(GENERATION, &["2", "3", "5", "6"]), 1..=2),
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
    (requirements, labels).prop_map(
        |((arch, capacity, zone, os, team, generation), (red, disk))| {
            let mut labels = Map::new();
            labels.extend(disk.map(|disk| (DISK.to_owned(), json!(disk))));
            // A node pool does not name a label twice, since its meaning would be unclear.
            if team.is_none() {
                labels.extend(red.map(|red| (TEAM.to_owned(), json!(red))));
            }
            let requirements = [arch, capacity, zone, os, team].into_iter().flatten();
            let requirements = requirements.chain(generation.unwrap_or_default());
            (requirements.collect(), labels)
        },
    )
}
