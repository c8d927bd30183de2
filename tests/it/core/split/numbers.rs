//! The numbers of a split, as the model counts with them, and the side that a pod got.

use std::sync::Arc;

use berth::node::Catalogue;
use berth::placement::Snapshot;
use berth::policy::{embedded_node_pools, embedded_policy_object, read_policy_object};
use proptest::prelude::*;
use serde_json::{Value, json};

pub(super) const CAPACITY: &str = "placement.truemark.io/capacity";
const COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// The numbers of a split, with the policy of a pool that has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers {
    pub(super) base: usize,
    pub(super) percentage: usize,
}

impl Numbers {
    pub(super) fn any() -> impl Strategy<Value = Self> {
        (
            0_usize..6,
            prop_oneof![Just(0), Just(20), Just(100), 0_usize..=100],
        )
            .prop_map(|(base, percentage)| Self { base, percentage })
    }

    /// Returns how many of `pods` belong on demand.
    pub(super) fn on_demand(self, pods: usize) -> usize {
        let above = pods.saturating_sub(self.base);
        pods.min(self.base + (above * self.percentage).div_ceil(100))
    }

    /// Returns the side of the pod at a position.
    pub(super) fn side(self, position: usize) -> &'static str {
        if self.on_demand(position) > self.on_demand(position - 1) {
            "on-demand"
        } else {
            "spot"
        }
    }

    /// Returns a snapshot with such a pool, `web`, and the node pools of both its sides.
    pub(super) fn snapshot(self) -> Snapshot {
        self.snapshot_with(embedded_node_pools().unwrap())
    }

    /// Returns the same without the node pools of a side.
    pub(super) fn snapshot_without(self, side: &str) -> Snapshot {
        let all = embedded_node_pools().unwrap();
        let is_on_demand = |name: &str| name.starts_with("truemark-");
        let kept = all
            .iter()
            .filter(|node_pool| is_on_demand(node_pool.name()) != (side == "on-demand"));
        self.snapshot_with(kept.map(|node_pool| Arc::new(node_pool.clone())).collect())
    }

    fn snapshot_with(self, node_pools: Catalogue) -> Snapshot {
        let mut policy = embedded_policy_object().unwrap();
        policy["spec"]["pools"].as_array_mut().unwrap().push(json!({
            "name": "web",
            "nodePools": ["amd64-default", "arm64-default"],
            "onDemand": {
                "nodePools": ["truemark-amd64", "truemark-arm64"],
                "baseCapacity": self.base,
                "percentageAboveBaseCapacity": self.percentage,
            },
        }));
        let (policy, _) = read_policy_object(&policy).unwrap();
        Snapshot::new(policy, node_pools).unwrap()
    }
}

/// Returns the side of a pod that berth has placed, and its position; 0 if it has none.
pub(super) fn side_of(pod: &Value) -> (String, u32) {
    let metadata = &pod["metadata"];
    let side = metadata["labels"][CAPACITY].as_str().unwrap().to_owned();
    let cost = metadata["annotations"][COST].as_str();
    let position = cost.map_or(0, |cost| cost.parse::<i32>().unwrap().unsigned_abs());
    (side, position)
}
