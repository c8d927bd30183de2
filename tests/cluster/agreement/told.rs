//! The cluster as berth would see it if node pools said all that Karpenter knows of them.

use berth::node::NodePool;
use berth::placement::Snapshot;
use berth::policy::read_policy;
use serde_json::Value;

use super::scheduler::items;
use crate::harness::api::text;

/// Returns a cluster for each list of requirements, which each of its node pools has besides its own. A node pool that
/// has them already in a way that nothing meets both is not among its node pools.
pub(super) fn told(
    policy: &str,
    node_pools: &[Value],
    facts: &[Vec<Value>],
) -> anyhow::Result<Vec<Snapshot>> {
    let snapshots = facts.iter().map(|facts| {
        let (policy, mut catalogue) = read_policy(policy)?;
        for node_pool in node_pools {
            let mut node_pool = node_pool.clone();
            let requirements = &mut node_pool["spec"]["template"]["spec"]["requirements"];
            if let Some(requirements) = requirements.as_array_mut() {
                requirements.extend_from_slice(facts);
            }
            let node_pool = NodePool::from_object(node_pool)?;
            if facts.iter().all(|fact| leaves_values(&node_pool, fact)) {
                catalogue.insert(node_pool)?;
            }
        }
        Ok(Snapshot::new(policy, catalogue)?)
    });
    snapshots.collect()
}

/// True if a node pool offers one of the values that a requirement lists, or if it lists none to have.
fn leaves_values(node_pool: &NodePool, fact: &Value) -> bool {
    let offered = node_pool.offered(text(fact, "/key"));
    let mut values = items(&fact["values"]).iter().filter_map(Value::as_str);
    fact["operator"] != "In"
        || offered.is_none_or(|offered| values.any(|value| offered.contains(value)))
}
