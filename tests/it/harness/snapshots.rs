//! Snapshots for berth to decide by: a policy, node pools, and one namespace that has opted in.

use std::sync::Arc;

use berth::cases;
pub(crate) use berth::cases::NAMESPACE;
use berth::encoding::field::FieldError;
use berth::node::Catalogue;
use berth::placement::Snapshot;
use berth::policy::{Policy, embedded_node_pools, read_policy_object};
use serde_json::Value;

use super::repository::shipped_policy;

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
    snapshot.namespaces.insert_mut(NAMESPACE.into(), labels);
    Ok(snapshot)
}

/// Adds node pools to a catalogue: each the name of a shipped one, a NodePool, or an entry of a catalogue.
pub(crate) fn with_node_pools(catalogue: Catalogue, node_pools: &[Value]) -> Catalogue {
    cases::with_node_pools(catalogue, node_pools, &embedded_node_pools().unwrap()).unwrap()
}

/// Returns the snapshot of the embedded policy and node pools.
pub(crate) fn default_snapshot() -> Snapshot {
    snapshot(&shipped_policy(), None).unwrap()
}
