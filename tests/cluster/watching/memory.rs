//! The memory for a large cluster.

use anyhow::ensure;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::json;

use super::stage::{define, setup, shipped_node_pool};
use crate::harness::cluster::Cluster;
use crate::harness::eventually;
use crate::harness::pki::Authority;

const NODE_POOLS: usize = 500;
const NAMESPACES: usize = 10_000;
/// The most memory of its own, in MiB. The pages of its program are not among them: a program for tests has several times
/// those of one that ships.
const LIMIT: u64 = 14;

/// An idle berth that follows 500 node pools and 10,000 namespaces stays within its memory.
pub(crate) async fn memory(cluster: &Cluster) -> anyhow::Result<()> {
    define(cluster).await?;
    let mut objects = Vec::with_capacity(NODE_POOLS + NAMESPACES);
    for number in 0..NODE_POOLS {
        let mut node_pool = shipped_node_pool("amd64-batch")?;
        node_pool["metadata"]["name"] = json!(format!("batch-{number}"));
        objects.push(node_pool);
    }
    for number in 0..NAMESPACES {
        let name = format!("team-{number}");
        let labels = json!({
            "placement.truemark.io/injection": "enabled",
            "pod-security.kubernetes.io/enforce": "restricted",
            "team": name,
        });
        let metadata = json!({"name": name, "labels": labels});
        objects.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}));
    }
    stream::iter(&objects)
        .map(|object| cluster.api.apply(object))
        .buffer_unordered(32)
        .try_for_each(async |_| Ok(()))
        .await?;
    let authority = Authority::new("berth")?;
    let berth = setup(cluster, &authority).await?.start().await?;
    for (resource, count) in [("nodepools", NODE_POOLS), ("namespaces", NAMESPACES)] {
        let series = format!("berth_watched_objects{{resource=\"{resource}\"}}");
        eventually(&format!("{count} {resource} are known"), async || {
            let known = berth.metric(&series).await?.unwrap_or_default();
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            let all = known >= count as f64;
            Ok(all.then_some(()))
        })
        .await?;
    }
    let resident = berth.resident()? >> 20;
    println!("    {resident} MiB with {NODE_POOLS} node pools and {NAMESPACES} namespaces");
    ensure!(
        resident <= LIMIT,
        "{resident} MiB, and {LIMIT} are the most"
    );
    Ok(())
}
