//! Snapshots for berth to decide by: a policy, node pools, and one namespace that has opted in.

use std::sync::Arc;

use berth::encoding::field::FieldError;
use berth::encoding::strict;
use berth::node::{Catalogue, NodePool, StaticNodePool};
use berth::placement::Snapshot;
use berth::policy::{Policy, embedded_node_pools, read_policy_object};
use serde_json::Value;

use super::repository::{files_below, shipped_policy, text_of, values_of};

/// The namespace of a review that names no other; it has opted in.
pub(crate) const NAMESPACE: &str = "team-a";

/// Makes a snapshot of a policy and the node pools of its cluster, as [`with_node_pools`] takes them. Without node pools it
/// has those of the policy's own catalogue, or those that ship.
pub(crate) fn snapshot(
    policy: &Value,
    node_pools: Option<&[Value]>,
) -> Result<Snapshot, FieldError> {
    let (policy, of_policy) = read_policy_object(policy)?;
    let catalogue = match node_pools {
        Some(node_pools) => with_node_pools(of_policy, node_pools),
        None if of_policy.is_empty() => embedded_node_pools().unwrap(),
        None => of_policy,
    };
    opted_in(policy, catalogue)
}

/// Makes a snapshot in which the one namespace has opted in.
pub(crate) fn opted_in(policy: Policy, catalogue: Catalogue) -> Result<Snapshot, FieldError> {
    let mut snapshot = Snapshot::new(policy, catalogue)?;
    let opted_in = [
        ("kubernetes.io/metadata.name", NAMESPACE),
        ("placement.truemark.io/injection", "enabled"),
    ];
    let labels = Arc::new(opted_in.into_iter().collect());
    Arc::make_mut(&mut snapshot.namespaces).insert(NAMESPACE.into(), labels);
    Ok(snapshot)
}

/// Returns the node pool of that name that ships for a platform.
fn of_platform(platform: &str, name: &str) -> Option<NodePool> {
    let files = files_below(format!("deploy/platforms/{platform}"));
    let manifests = files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "yaml"));
    let mut objects = manifests.flat_map(|file| values_of(&text_of(file)));
    let object = objects
        .find(|object| object["kind"] == "NodePool" && object["metadata"]["name"] == name)?;
    Some(NodePool::from_object(object).unwrap())
}

/// Adds node pools to a catalogue: each the name of a shipped one, which may follow a platform and `/`, a NodePool, or an
/// entry of a catalogue.
pub(crate) fn with_node_pools(mut catalogue: Catalogue, node_pools: &[Value]) -> Catalogue {
    let shipped = embedded_node_pools().unwrap();
    for entry in node_pools {
        let node_pool = if let Some(name) = entry.as_str() {
            let node_pool = match name.split_once('/') {
                Some((platform, name)) => of_platform(platform, name),
                None => shipped.get(name).cloned(),
            };
            node_pool.unwrap_or_else(|| panic!("no node pool {name} is shipped"))
        } else if entry["kind"] == "NodePool" {
            NodePool::from_object(entry.clone()).unwrap()
        } else {
            let entry: StaticNodePool = strict::from_value(entry).unwrap();
            NodePool::try_from(entry).unwrap()
        };
        catalogue.insert(node_pool).unwrap();
    }
    catalogue
}

/// Returns the snapshot of the embedded policy and node pools.
pub(crate) fn default_snapshot() -> Snapshot {
    snapshot(&shipped_policy(), None).unwrap()
}
