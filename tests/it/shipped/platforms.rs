//! The node pools of each platform: the default policy is written for them.

use berth::node::{Catalogue, NodePool};
use berth::placement::Snapshot;
use berth::policy::{embedded_node_pools, embedded_policy};
use serde_json::{Value, json};

use super::manifests::of_kind;
use crate::model::scheduler::items;

const KARPENTER: &str = "deploy/platforms/karpenter";
const AUTO_MODE: &str = "deploy/platforms/eks-auto-mode";

/// The optional node pools of each platform.
const OPTIONAL: [&str; 2] = [
    "deploy/platforms/critical/karpenter",
    "deploy/platforms/critical/eks-auto-mode",
];

/// A line of the table in the contract.
struct Line {
    name: &'static str,
    architecture: &'static str,
    capacity_types: &'static [&'static str],
    taint: Option<&'static str>,
    weight: u64,
}

const TABLE: [Line; 6] = [
    Line {
        name: "amd64-batch",
        architecture: "amd64",
        capacity_types: &["spot", "on-demand"],
        taint: Some("karpenter.sh/nodepool=amd64-batch"),
        weight: 6,
    },
    Line {
        name: "amd64-default",
        architecture: "amd64",
        capacity_types: &["spot"],
        taint: None,
        weight: 2,
    },
    Line {
        name: "arm64-batch",
        architecture: "arm64",
        capacity_types: &["spot", "on-demand"],
        taint: Some("karpenter.sh/nodepool=arm64-batch"),
        weight: 5,
    },
    Line {
        name: "arm64-default",
        architecture: "arm64",
        capacity_types: &["spot"],
        taint: Some("kubernetes.io/arch=arm64"),
        weight: 1,
    },
    Line {
        name: "truemark-amd64",
        architecture: "amd64",
        capacity_types: &["on-demand"],
        taint: Some("karpenter.sh/nodepool=truemark-amd64"),
        weight: 11,
    },
    Line {
        name: "truemark-arm64",
        architecture: "arm64",
        capacity_types: &["on-demand"],
        taint: Some("karpenter.sh/nodepool=truemark-arm64"),
        weight: 10,
    },
];

/// Returns the node pools of a platform, sorted by name.
fn node_pools(directory: &str) -> Vec<Value> {
    let mut node_pools = of_kind(directory, "NodePool");
    node_pools.sort_by_key(|node_pool| name(node_pool).to_owned());
    node_pools
}

fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap()
}

#[test]
fn the_shipped_node_pools_are_those_of_the_contract() {
    let shipped = node_pools(KARPENTER);
    assert_eq!(shipped.len(), TABLE.len());
    // The very same files are compiled in.
    let embedded = embedded_node_pools().unwrap();
    assert_eq!(embedded.iter().count(), TABLE.len());
    for (manifest, line) in shipped.iter().zip(TABLE) {
        let Line {
            name,
            architecture,
            capacity_types,
            taint,
            weight,
        } = line;
        assert_eq!(manifest["metadata"]["name"], name);
        assert_eq!(manifest["spec"]["weight"], weight, "{name}");
        let spec = &manifest["spec"]["template"]["spec"];
        let values = |key: &str| {
            let requirements = items(&spec["requirements"]).iter();
            let of_key: Vec<&Value> = requirements
                .filter(|requirement| requirement["key"] == key)
                .collect();
            assert_eq!(of_key.len(), 1, "{name}: {key}");
            assert_eq!(of_key[0]["operator"], "In", "{name}: {key}");
            of_key[0]["values"].clone()
        };
        let expected = [
            ("kubernetes.io/arch", json!([architecture])),
            ("kubernetes.io/os", json!(["linux"])),
            ("karpenter.sh/capacity-type", json!(capacity_types)),
        ];
        for (key, expected) in expected {
            assert_eq!(values(key), expected, "{name}: {key}");
        }
        let wanted: Vec<String> = taint
            .iter()
            .map(|taint| format!("{taint}:NoSchedule"))
            .collect();
        let node_pool = embedded.get(name).unwrap();
        let taints: Vec<String> = node_pool.taints().iter().map(ToString::to_string).collect();
        assert_eq!(taints, wanted, "{name}");
        for known in ["amd64", "arm64"] {
            assert_eq!(node_pool.offers(known), known == architecture, "{name}");
        }
        // A batch pod is marked not to be disrupted, so its node needs an end of its own.
        let bounded = !spec["terminationGracePeriod"].is_null();
        assert_eq!(bounded, name.ends_with("-batch"), "{name}");
    }
}

/// Returns one of Karpenter's node pools as it has to be on EKS Auto Mode. Nothing else may differ.
fn on_auto_mode(mut node_pool: Value) -> Value {
    let is_default = name(&node_pool).ends_with("-default");
    let spec = &mut node_pool["spec"]["template"]["spec"];
    spec["nodeClassRef"] =
        json!({"group": "eks.amazonaws.com", "kind": "NodeClass", "name": "berth"});
    spec["expireAfter"] = json!("480h");
    let mut requirements = items(&spec["requirements"]).to_vec();
    requirements.retain(|requirement| requirement["key"] != "kubernetes.io/os");
    for requirement in &mut requirements {
        let key = requirement["key"].as_str().unwrap();
        if is_default && key == "karpenter.sh/capacity-type" {
            requirement["values"] = json!(["spot", "on-demand"]);
        } else if let Some(instance) = key.strip_prefix("karpenter.k8s.aws/") {
            requirement["key"] = json!(format!("eks.amazonaws.com/{instance}"));
        }
    }
    spec["requirements"] = json!(requirements);
    node_pool
}

#[test]
fn node_pools_for_auto_mode_differ_only_where_they_have_to() {
    for [karpenter, auto_mode] in [[KARPENTER, AUTO_MODE], OPTIONAL] {
        let karpenter = node_pools(karpenter).into_iter();
        let expected: Vec<Value> = karpenter.map(on_auto_mode).collect();
        assert_eq!(node_pools(auto_mode), expected);
    }
}

/// The design: critical add-ons have a node pool that is dedicated, on-demand, and of the highest weight.
#[test]
fn the_node_pool_for_critical_add_ons_comes_before_all_others() {
    for directory in OPTIONAL {
        let found = node_pools(directory);
        let [critical] = &found[..] else {
            panic!("{directory}: {found:?}");
        };
        assert_eq!(name(critical), "critical");
        assert_eq!(critical["spec"]["weight"], 100);
        let spec = &critical["spec"]["template"]["spec"];
        // As the built-in node pool `system` has it.
        let taint = json!([{"key": "CriticalAddonsOnly", "effect": "NoSchedule"}]);
        assert_eq!(spec["taints"], taint);
        let node_pool = NodePool::from_object(critical.clone()).unwrap();
        assert!(node_pool.offers("amd64") && node_pool.offers("arm64"));
        let requirements = items(&spec["requirements"]);
        let mut of_key = requirements.iter();
        let capacity = of_key.find(|one| one["key"] == "karpenter.sh/capacity-type");
        assert_eq!(capacity.unwrap()["values"], json!(["on-demand"]));
    }
}

/// Auto Mode ends a node after 21 days, and gives its pods a day to leave unless the node pool says how long.
#[test]
fn no_node_is_meant_to_outlast_what_auto_mode_allows() {
    let hours = |value: &Value| -> Option<u32> {
        let hours = value.as_str()?.strip_suffix('h')?;
        Some(hours.parse().unwrap())
    };
    for node_pool in [AUTO_MODE, OPTIONAL[1]].into_iter().flat_map(node_pools) {
        let spec = &node_pool["spec"]["template"]["spec"];
        let expires = hours(&spec["expireAfter"]).unwrap();
        let leaves = hours(&spec["terminationGracePeriod"]).unwrap_or(24);
        assert!(expires + leaves <= 21 * 24, "{}", name(&node_pool));
    }
}

#[test]
fn node_pools_name_the_node_class_beside_them() {
    for (directory, kind) in [(KARPENTER, "EC2NodeClass"), (AUTO_MODE, "NodeClass")] {
        let classes = of_kind(directory, kind);
        assert_eq!(classes.len(), 1, "{directory}");
        let version = classes[0]["apiVersion"].as_str().unwrap();
        let (group, _) = version.split_once('/').unwrap();
        let expected = json!({"group": group, "kind": kind, "name": name(&classes[0])});
        let optional = OPTIONAL[usize::from(directory == AUTO_MODE)];
        for node_pool in [directory, optional].into_iter().flat_map(node_pools) {
            let reference = &node_pool["spec"]["template"]["spec"]["nodeClassRef"];
            assert_eq!(*reference, expected, "{directory}: {}", name(&node_pool));
        }
    }
}

#[test]
fn the_default_policy_accepts_the_node_pools_of_each_platform() {
    for directory in [KARPENTER, AUTO_MODE] {
        let mut catalogue = Catalogue::default();
        for node_pool in node_pools(directory) {
            let node_pool = NodePool::from_object(node_pool).unwrap();
            catalogue.insert(node_pool).unwrap();
        }
        let (policy, _) = embedded_policy().unwrap();
        let names = policy.pools().iter().flat_map(|pool| &pool.node_pools);
        for name in names {
            assert!(catalogue.get(name).is_some(), "{directory}: {name}");
        }
        assert!(Snapshot::new(policy, catalogue).is_ok(), "{directory}");
    }
}
