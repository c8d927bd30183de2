//! Clusters and policies of any size.

use std::sync::Arc;

use berth::node::NodePool;
use berth::placement::Snapshot;
use berth::pod::NamespaceLabels;
use berth::policy::{embedded_node_pools, embedded_policy_object, read_policy_object};
use serde_json::{Value, json};

use crate::node_pool::node_pool;

/// What a cluster and its policy have besides what ships.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Size {
    /// Rules, each for the pods of a team in namespaces of a tier. They come before those of the default policy, and no
    /// benchmark's pod matches one.
    pub(crate) rules: usize,
    /// Pools, each of eight node pools.
    pub(crate) pools: usize,
    /// Node pools, each of eight requirements.
    pub(crate) node_pools: usize,
    /// Namespaces that opted in.
    pub(crate) namespaces: usize,
}

/// The most rules and pools that a policy can have, in a cluster that is larger than most.
pub(crate) const LARGE: Size = Size {
    rules: 124,
    pools: 61,
    node_pools: 494,
    namespaces: 10_000,
};

/// Returns a cluster of this size.
pub(crate) fn cluster(size: Size) -> Snapshot {
    let mut catalogue = embedded_node_pools().expect("the embedded node pools");
    for number in 0..size.node_pools {
        let node_pool = NodePool::from_object(node_pool(number)).expect("a node pool");
        catalogue.insert(node_pool).expect("a name of its own");
    }
    let (policy, _) = read_policy_object(&policy(size)).expect("a policy");
    let mut snapshot = Snapshot::new(policy, catalogue).expect("a snapshot");
    let labels: NamespaceLabels = [("placement.truemark.io/enabled", "true"), ("team", "core")]
        .into_iter()
        .collect();
    let labels = Arc::new(labels);
    let name = |number| Arc::from(format!("namespace-{number}"));
    snapshot.namespaces = (0..size.namespaces)
        .map(|number| (name(number), Arc::clone(&labels)))
        .collect();
    snapshot
}

fn policy(size: Size) -> Value {
    let mut policy = embedded_policy_object().expect("the embedded policy");
    let pools = policy["spec"]["pools"].as_array_mut().expect("pools");
    pools.extend((0..size.pools).map(|number| {
        let of = |index| format!("grown-{}", (number * 8 + index) % size.node_pools.max(1));
        json!({"name": format!("pool-{number}"), "nodePools": (0..8).map(of).collect::<Vec<_>>(), "binding": "Required"})
    }));
    let rules = policy["spec"]["rules"].as_array_mut().expect("rules");
    let grown = (0..size.rules).map(|number| {
        json!({
            "name": format!("rule-{number}"),
            "match": {
                "labels": {"matchLabels": {"team": format!("team-{number}")}},
                "namespaceLabels": {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["gold", "silver"]}]},
            },
            "place": {"pool": format!("pool-{}", number % size.pools.max(1))},
        })
    });
    rules.splice(0..0, grown.collect::<Vec<_>>());
    policy
}
