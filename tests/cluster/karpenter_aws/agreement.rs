//! The agreement of berth with the Karpenter of AWS.
//!
//! Node pools and pods speak of AWS' labels, sizes and GPUs, of restricted labels, of labels that only EKS Auto Mode knows, and
//! of topology. Some node pools make no node for a pod: they are static, not ready, or full. Every pod has nodes of its
//! own, so that it is judged alone, whatever else waits.
//!
//! The generator leaves out what node pools do not say: disks, whose size a node class gives, and capacity reservations.

mod labels;
mod node_pools;
mod pods;

use self::node_pools::node_pool;
use self::pods::pod;
use crate::agreement::provider::{Evidence, Provider};
use crate::agreement::run;
use crate::harness::cluster::Cluster;

const AWS: Provider = Provider {
    program: "karpenter-aws",
    node_pool,
    pod,
    evidence: Evidence::Launched,
    instances: &[],
    pods: 480,
    pods_of_a_round: 30,
};

pub(crate) async fn agreement(cluster: &Cluster) -> anyhow::Result<()> {
    // Its node class serves the generated node pools, too.
    super::shipped::apply(cluster).await?;
    cluster
        .api
        .delete("/apis/karpenter.sh/v1/nodepools")
        .await?;
    run(cluster, &AWS).await
}
