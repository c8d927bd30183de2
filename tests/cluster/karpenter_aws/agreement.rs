//! The agreement of berth with the Karpenter of AWS.
//!
//! Node pools and pods speak of AWS' labels, sizes and GPUs, of restricted labels, of labels that only EKS Auto Mode
//! knows, and of topology. Some node pools make no node for a pod: they are static, not ready, or full. Every pod has
//! nodes of its own, so that it is judged alone, whatever else waits.
//!
//! The generator leaves out what node pools do not say: disks, whose size a node class gives, and capacity reservations.

mod labels;
mod node_pools;
mod pods;

use proptest::prelude::*;
use serde_json::{Value, json};

use self::labels::{FAMILY, INSTANCE_GENERATION, ZONE_ID};
use super::platform;
use crate::agreement::names::{ARCH, CAPACITY_TYPE, INSTANCE_TYPE, REGION, ZONE};
use crate::agreement::pods::Sketch;
use crate::agreement::provider::{Evidence, Provider};
use crate::agreement::run;
use crate::agreement::selectors::one_of;
use crate::harness::api::collection;
use crate::harness::cluster::Cluster;
use crate::harness::{auto_mode, aws};

const OWN: Provider = Provider {
    program: "karpenter-aws",
    node_pool: node_pools::node_pool,
    pod: pods::pod,
    evidence: Evidence::Launched,
    facts,
    depends_on_types: &[
        INSTANCE_TYPE,
        INSTANCE_GENERATION,
        ARCH,
        CAPACITY_TYPE,
        ZONE,
        ZONE_ID,
    ],
    pods: 480,
    pods_of_a_round: 30,
};

/// The same node pools and pods, with each of the two domains in place of the other.
const AUTO_MODE: Provider = Provider {
    program: "karpenter-auto-mode",
    node_pool: |name, pods| {
        let node_pool = node_pools::node_pool(name, pods);
        node_pool.prop_map(auto_mode::of).boxed()
    },
    pod: || {
        let of = |sketch: Sketch| Sketch {
            spec: auto_mode::of(sketch.spec),
            ..sketch
        };
        pods::pod().prop_map(of).boxed()
    },
    facts: || {
        let of = |facts: Vec<Value>| facts.into_iter().map(auto_mode::of).collect();
        facts().into_iter().map(of).collect()
    },
    depends_on_types: &[
        INSTANCE_TYPE,
        "eks.amazonaws.com/instance-generation",
        ARCH,
        CAPACITY_TYPE,
        ZONE,
        ZONE_ID,
    ],
    pods: 240,
    ..OWN
};

/// Returns what the shipped node class and the stand-in for AWS add, for each zone: the zone, its id and its region, no
/// reservation, no placement group, and no type that berth's table does not have.
fn facts() -> Vec<Vec<Value>> {
    let none = |key, values| json!({"key": key, "operator": "NotIn", "values": values});
    let zones = aws::zones().map(|(zone, id)| {
        vec![
            none(INSTANCE_TYPE, labels::NO_TYPES),
            none(FAMILY, labels::NO_FAMILIES),
            one_of(ZONE, [zone]),
            one_of(ZONE_ID, [id]),
            one_of(REGION, [aws::REGION]),
            one_of(CAPACITY_TYPE, ["spot", "on-demand"]),
            json!({"key": "karpenter.k8s.aws/placement-group-id", "operator": "DoesNotExist"}),
        ]
    });
    zones.collect()
}

pub(crate) async fn agreement(cluster: &Cluster) -> anyhow::Result<()> {
    let node_class = platform::node_class(cluster)?;
    agree(cluster, &OWN, &node_class).await
}

pub(crate) async fn auto_mode_agreement(cluster: &Cluster) -> anyhow::Result<()> {
    let node_class = auto_mode::of(platform::node_class(cluster)?);
    agree(cluster, &AUTO_MODE, &node_class).await
}

/// Compares the words with this node class, and no node pools but those that are generated.
async fn agree(cluster: &Cluster, provider: &Provider, node_class: &Value) -> anyhow::Result<()> {
    cluster.api.apply(node_class).await?;
    platform::ready(cluster, &collection(node_class)).await?;
    cluster
        .api
        .delete("/apis/karpenter.sh/v1/nodepools")
        .await?;
    run(cluster, provider).await
}
