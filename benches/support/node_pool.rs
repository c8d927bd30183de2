//! NodePool objects, as many as one likes.

use serde_json::{Value, json};

/// Returns a NodePool of eight requirements, by its number.
pub(crate) fn node_pool(number: usize) -> Value {
    let zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"];
    json!({
        "metadata": {"name": format!("grown-{number}")},
        "spec": {"template": {"spec": {
            "nodeClassRef": {"group": "karpenter.k8s.aws"},
            "taints": [{"key": "team", "value": format!("team-{number}"), "effect": "NoSchedule"}],
            "requirements": [
                {"key": "karpenter.k8s.aws/instance-category", "operator": "In", "values": ["c", "m", "r"]},
                {"key": "karpenter.k8s.aws/instance-generation", "operator": "Gt", "values": ["5"]},
                {"key": "karpenter.k8s.aws/instance-cpu", "operator": "In", "values": ["4", "8", "16", "32"]},
                {"key": "karpenter.k8s.aws/instance-hypervisor", "operator": "In", "values": ["nitro"]},
                {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["spot", "on-demand"]},
                {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]},
                {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]},
                {"key": "topology.kubernetes.io/zone", "operator": "In", "values": zones},
            ],
        }}},
    })
}
