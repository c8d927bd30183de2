//! Snapshots for berth to decide by: a policy, node pools, and one namespace that has opted in.

use std::sync::Arc;

use berth::encoding::field::FieldError;
use berth::encoding::yaml;
use berth::node::{Catalogue, NodePool, StaticNodePool};
use berth::placement::Snapshot;
use berth::policy::{embedded_node_pools, read_policy_object};
use serde_json::Value;

use super::repository::shipped_policy;

/// The namespace of a review that names no other; it has opted in.
pub(crate) const NAMESPACE: &str = "team-a";

/// Makes a snapshot of a policy and, if given, node pools: each the name of a shipped one or an entry of a catalogue.
pub(crate) fn snapshot(
    policy: Value,
    node_pools: Option<&[Value]>,
) -> Result<Snapshot, FieldError> {
    let (policy, mut catalogue) = read_policy_object(policy)?;
    let shipped = embedded_node_pools().unwrap();
    match node_pools {
        Some(listed) => {
            for entry in listed {
                catalogue.insert(node_pool(entry, &shipped)).unwrap();
            }
        }
        None if catalogue == Catalogue::default() => catalogue = shipped,
        None => {}
    }
    let mut snapshot = Snapshot::new(policy, catalogue)?;
    let opted_in = [
        ("kubernetes.io/metadata.name", NAMESPACE),
        ("placement.truemark.io/injection", "enabled"),
    ];
    let labels = Arc::new(opted_in.into_iter().collect());
    Arc::make_mut(&mut snapshot.namespaces).insert(NAMESPACE.into(), labels);
    Ok(snapshot)
}

fn node_pool(entry: &Value, shipped: &Catalogue) -> NodePool {
    if let Some(name) = entry.as_str() {
        let node_pool = shipped.get(name).cloned();
        return node_pool.unwrap_or_else(|| panic!("no node pool {name} is shipped"));
    }
    let entry: StaticNodePool = yaml::from_value(entry.clone()).unwrap();
    NodePool::try_from(entry).unwrap()
}

/// Returns the snapshot of the embedded policy and node pools.
pub(crate) fn default_snapshot() -> Snapshot {
    snapshot(shipped_policy(), None).unwrap()
}
