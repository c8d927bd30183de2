//! Generated policies.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use super::labels::NODE_POOLS;
use super::names::POOL_LABEL;

/// Generates a policy with three pools. The cluster lacks some of their node pools.
pub(super) fn policy(node_pools: &[Value]) -> BoxedStrategy<Value> {
    let tainted: Vec<String> = node_pools
        .iter()
        .filter(|node_pool| node_pool["spec"]["template"]["spec"]["taints"] != json!([]))
        .filter_map(|node_pool| Some(node_pool["metadata"]["name"].as_str()?.to_owned()))
        .collect();
    let pool = || {
        (
            subsequence(&NODE_POOLS[..], 1..=5).prop_shuffle(),
            any::<bool>(),
        )
    };
    (
        [pool(), pool(), pool()],
        select(vec!["amd64", "arm64", "any"]),
    )
        .prop_map(move |(pools, default)| {
            let pools = pools.iter().zip(["default", "truemark", "batch"]);
            let pools = pools.map(|((names, soft), name)| {
                let may_be_soft = !names
                    .iter()
                    .any(|name| tainted.iter().any(|one| one == name));
                let binding = if *soft && may_be_soft {
                    "Preferred"
                } else {
                    "Required"
                };
                json!({"name": name, "nodePools": names, "binding": binding})
            });
            json!({
                "apiVersion": "placement.truemark.io/v1alpha1",
                "kind": "PlacementPolicy",
                "metadata": {"name": "agreement"},
                "spec": {
                    "architectures": {"known": ["amd64", "arm64"], "default": default},
                    "pools": pools.collect::<Vec<_>>(),
                    "rules": [
                        {
                            "name": "asked-for",
                            "match": {"labels": {"matchExpressions": [
                                {"key": POOL_LABEL, "operator": "Exists"},
                            ]}},
                            "place": {"poolFromLabel": POOL_LABEL},
                        },
                        {
                            "name": "jobs",
                            "match": {"controllers": ["batch/Job"]},
                            "place": {"pool": "batch"},
                        },
                        {"name": "everything-else", "place": {"pool": "default"}},
                    ],
                    // Karpenter judges the pods that berth would refuse, and the two checks in question report all.
                    "validation": {
                        "unknownPool": "Off",
                        "unknownArchitecture": "Off",
                        "notEntitled": "Off",
                        "contradiction": "Off",
                        "unschedulable": "Warn",
                        "restrictedPreference": "Warn",
                        "splitDomains": "Off",
                        "selfPlaced": "Off",
                        "wildcardToleration": "Off",
                    },
                },
            })
        })
        .boxed()
}
