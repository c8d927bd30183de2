//! The ground that the targets stand on: the policy that ships, with a closed pool, and a pod to ask for.

use berth::node::Catalogue;
use berth::placement::{Reason, Snapshot};
use berth::policy::{Policy, embedded_node_pools};
use serde_json::{Value, json};

use crate::harness::review::Review;
use crate::harness::snapshots::opted_in;
use crate::harness::verdict;
use crate::model::laws::broken;
use crate::model::worlds::World;

/// Returns what ships, with one pool that is closed to the namespace of the reviews, whose checks deny.
///
/// # Panics
/// Never in a repository whose tests pass.
#[must_use]
pub fn shipped() -> Snapshot {
    let mut world = World::shipped();
    world.close([false, true, false]);
    let checks = &mut world.policy["spec"]["validation"];
    for check in [
        "notEntitled",
        "boundByAuthor",
        "unknownPool",
        "contradiction",
    ] {
        checks[check] = "Deny".into();
    }
    world.snapshot()
}

/// Returns the node pools that ship.
///
/// # Panics
/// Never in a repository whose tests pass.
#[must_use]
pub fn node_pools() -> Catalogue {
    embedded_node_pools().expect("the node pools that ship are right")
}

/// Asks both endpoints for pods by a policy and a catalogue, if they go together.
///
/// # Panics
/// If a pod is not let through, or an answer breaks the protocol or a law.
pub fn ask_for_pods(policy: Policy, catalogue: Catalogue) {
    let Ok(snapshot) = opted_in(policy, catalogue) else {
        return;
    };
    for pod in pods() {
        let body = Review::of(&pod).body();
        let verdict = verdict::mutate(&body, &snapshot);
        assert_ne!(verdict.reason, Reason::InternalError);
        let validated = verdict::validate(&body, &snapshot);
        assert_ne!(validated.reason, Reason::InternalError);
        let broken = broken(&pod, &snapshot);
        assert!(broken.is_empty(), "{}", broken.join("\n"));
    }
}

/// Returns pods of several kinds: one that leaves everything open, one of a Job, and one with selectors of its own.
fn pods() -> [Value; 3] {
    let pod = |metadata: Value, spec: Value| json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec});
    let containers = json!([{"name": "app", "image": "app"}]);
    let owner = json!({"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "1", "controller": true});
    [
        pod(json!({"name": "open"}), json!({"containers": containers})),
        pod(
            json!({"generateName": "j-", "ownerReferences": [owner]}),
            json!({"containers": containers}),
        ),
        pod(
            json!({"name": "selective", "labels": {"app": "web"}}),
            json!({
                "containers": containers,
                "nodeSelector": {"kubernetes.io/arch": "arm64"},
                "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                    {"matchExpressions": [{"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["spot"]}]},
                    {"matchExpressions": [{"key": "karpenter.k8s.aws/instance-cpu", "operator": "Gt", "values": ["4"]}]},
                ]}}},
            }),
        ),
    ]
}
