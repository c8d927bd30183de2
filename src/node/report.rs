//! The state of a node pool, by what its NodePool object reports.
//!
//! The rules are those of Karpenter's provisioner (`NewScheduler` and `filterByRemainingResources` of 1.14.1).

use serde_json::Value;

use super::node_pool::NodePool;
use super::state::State;
use crate::encoding::quantity;
use crate::instance::{InstanceType, TypeSet};

/// The parts of a NodePool object that tell its state. A part that berth cannot read counts as absent.
pub(super) struct Report {
    /// `metadata.uid`, which an object has once the API server stores it.
    pub(super) uid: Value,
    /// `metadata.deletionTimestamp`.
    pub(super) deletion_timestamp: Value,
    /// `spec.replicas`, the number of nodes of a static node pool.
    pub(super) replicas: Value,
    /// `spec.limits`.
    pub(super) limits: Value,
    pub(super) status: Value,
}

impl Report {
    /// Returns the state of the node pool that the object describes.
    pub(super) fn state(&self, node_pool: &NodePool) -> State {
        if !self.deletion_timestamp.is_null() {
            State::Deleting
        } else if !self.replicas.is_null() {
            State::Static
        } else if !self.is_ready() {
            State::Unready
        } else if node_pool.state() == State::Empty {
            State::Empty
        } else if self.is_full(node_pool) {
            State::Full
        } else {
            State::Ready
        }
    }

    /// True if Karpenter says that it is ready. Karpenter has not looked at a stored object without the condition yet;
    /// berth takes one of a file for ready.
    fn is_ready(&self) -> bool {
        let conditions = self.status["conditions"].as_array().into_iter().flatten();
        let mut ready = conditions.filter(|condition| condition["type"] == "Ready");
        match ready.next() {
            Some(condition) => condition["status"] == "True",
            None => self.uid.is_null(),
        }
    }

    /// True if the limits leave room for none of the node pool's instance types. For each resource with a limit,
    /// Karpenter compares the capacity of a type with what the present nodes leave.
    fn is_full(&self, node_pool: &NodePool) -> bool {
        let mut left = Vec::new();
        for (resource, limit) in self.limits.as_object().into_iter().flatten() {
            let Some(limit) = thousandths(limit) else {
                continue;
            };
            let used = thousandths(&self.status["resources"][resource]).unwrap_or(0);
            // A capacity is at least nothing, so that it exceeds what is left of a limit that is exceeded.
            let Some(rest) = limit.checked_sub(used) else {
                return true;
            };
            left.push((resource.as_str(), rest));
        }
        if left.contains(&("nodes", 0)) {
            return true;
        }
        match node_pool.instance_types().map(TypeSet::types) {
            Some(mut types) => !types.any(|kind| fits(kind, &left)),
            None => left.contains(&("cpu", 0)) || left.contains(&("memory", 0)),
        }
    }
}

/// True if an instance of the type has no more of each resource than is left.
fn fits(kind: &InstanceType, left: &[(&str, u128)]) -> bool {
    left.iter().all(|(resource, rest)| {
        let capacity = if *resource == "memory" {
            Some(kind.expected_memory())
        } else {
            kind.capacity(resource)
        };
        capacity.is_none_or(|capacity| capacity <= *rest)
    })
}

/// Reads a quantity, which YAML may take for a number. Returns it in thousandths, or `None` if it is no quantity.
fn thousandths(quantity: &Value) -> Option<u128> {
    match quantity {
        Value::String(text) => quantity::thousandths(text),
        Value::Number(number) => quantity::thousandths(&number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::node::{NodePool, State};

    /// Returns the state of a node pool of c6a.large alone (2 vCPUs, 4 GiB), with these fields put in its object.
    fn state(fields: &Value) -> State {
        let requirement = json!({
            "key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["c6a.large"],
        });
        state_of(&requirement, fields)
    }

    /// Returns the state of a node pool on EC2 with this requirement, with these fields put in its object.
    fn state_of(requirement: &Value, fields: &Value) -> State {
        let mut object = json!({
            "metadata": {"name": "one"},
            "spec": {"template": {"spec": {
                "nodeClassRef": {"group": "karpenter.k8s.aws"},
                "requirements": [requirement],
            }}},
        });
        for (part, value) in fields.as_object().unwrap() {
            for (field, value) in value.as_object().unwrap() {
                object[part][field] = value.clone();
            }
        }
        NodePool::from_object(object).unwrap().state()
    }

    /// Returns the state of the node pool with these limits and these resources of its nodes.
    fn state_at(limits: &Value, resources: &Value) -> State {
        state(&json!({"spec": {"limits": limits}, "status": {"resources": resources}}))
    }

    #[test]
    fn karpenter_makes_nodes_only_of_one_whose_condition_ready_is_true() {
        let conditions = |status| json!([{"type": "Other", "status": "False"}, {"type": "Ready", "status": status}]);
        for (status, expected) in [
            ("True", State::Ready),
            ("False", State::Unready),
            ("Unknown", State::Unready),
        ] {
            let status = json!({"conditions": conditions(status)});
            assert_eq!(state(&json!({"status": status})), expected, "{status}");
        }
    }

    /// Karpenter takes a condition that is absent for Unknown, but a file has no status.
    #[test]
    fn one_without_a_condition_is_ready_unless_it_is_stored() {
        for (status, of_a_file) in [
            (json!({}), State::Ready),
            (json!({"conditions": []}), State::Ready),
            (json!({"conditions": null}), State::Ready),
            (json!({"resources": {"cpu": "2"}}), State::Ready),
        ] {
            assert_eq!(state(&json!({"status": status})), of_a_file, "{status}");
            let stored = json!({"metadata": {"uid": "1"}, "status": status});
            assert_eq!(state(&stored), State::Unready, "{status}");
        }
        let ready = json!({"conditions": [{"type": "Ready", "status": "True"}]});
        let stored = json!({"metadata": {"uid": "1"}, "status": ready});
        assert_eq!(state(&stored), State::Ready);
    }

    #[test]
    fn one_with_replicas_is_static_whatever_their_number() {
        assert_eq!(state(&json!({"spec": {"replicas": 3}})), State::Static);
        assert_eq!(state(&json!({"spec": {"replicas": 0}})), State::Static);
        assert_eq!(state(&json!({"spec": {"replicas": null}})), State::Ready);
    }

    #[test]
    fn deletion_comes_before_replicas_and_those_before_the_condition() {
        let unready = json!({"conditions": [{"type": "Ready", "status": "False"}]});
        let mut fields = json!({"spec": {"limits": {"cpu": 0}}});
        assert_eq!(state(&fields), State::Full);
        fields["status"] = unready;
        assert_eq!(state(&fields), State::Unready);
        fields["spec"]["replicas"] = json!(1);
        assert_eq!(state(&fields), State::Static);
        fields["metadata"] = json!({"deletionTimestamp": "2026-11-29T00:00:00Z"});
        assert_eq!(state(&fields), State::Deleting);
    }

    /// Karpenter calls such a node pool ready.
    #[test]
    fn one_whose_requirements_no_instance_type_meets_is_empty() {
        let ready = json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}});
        let requirement = |values: Value| {
            json!({
                "key": "karpenter.k8s.aws/instance-cpu", "operator": "In", "values": values,
            })
        };
        assert_eq!(state_of(&requirement(json!(["7"])), &ready), State::Empty);
        assert_eq!(state_of(&requirement(json!(["8"])), &ready), State::Ready);
    }

    #[test]
    fn one_is_full_if_its_limits_leave_less_than_its_smallest_instance_type() {
        for (limits, resources, expected) in [
            (json!({}), json!({"cpu": "1000"}), State::Ready),
            (json!(null), json!(null), State::Ready),
            (json!({"cpu": 2}), json!(null), State::Ready),
            (json!({"cpu": "2"}), json!({"cpu": "0"}), State::Ready),
            (json!({"cpu": "2"}), json!({"cpu": "1m"}), State::Full),
            (json!({"cpu": "10"}), json!({"cpu": "8"}), State::Ready),
            (json!({"cpu": "10"}), json!({"cpu": "9"}), State::Full),
            (json!({"cpu": "10"}), json!({"cpu": "12"}), State::Full),
            (json!({"cpu": "none"}), json!({"cpu": "12"}), State::Ready),
            (
                json!({"memory": "8Gi"}),
                json!({"memory": "4Gi"}),
                State::Ready,
            ),
            (
                json!({"memory": "8Gi"}),
                json!({"memory": "5Gi"}),
                State::Full,
            ),
            (json!({"nodes": 3}), json!({"nodes": "2"}), State::Ready),
            (json!({"nodes": 3}), json!({"nodes": "3"}), State::Full),
            (json!({"nodes": 0}), json!(null), State::Full),
            (
                json!({"cpu": "10", "memory": "40Gi"}),
                json!({"cpu": "2", "memory": "38Gi"}),
                State::Full,
            ),
        ] {
            let found = state_at(&limits, &resources);
            assert_eq!(found, expected, "{limits}, {resources}");
        }
    }

    /// Of 4 GiB, Karpenter expects a node to have about 3.6: what remains is enough.
    #[test]
    fn a_limit_counts_the_memory_that_karpenter_expects_of_a_node() {
        let limits = json!({"memory": "4Gi"});
        assert_eq!(state_at(&limits, &json!({"memory": "300Mi"})), State::Ready);
        assert_eq!(state_at(&limits, &json!({"memory": "500Mi"})), State::Full);
    }

    #[test]
    fn a_limit_on_another_resource_counts_for_the_types_that_have_it() {
        let gpus = json!({"nvidia.com/gpu": "4"});
        assert_eq!(
            state_at(&gpus, &json!({"nvidia.com/gpu": "4"})),
            State::Ready
        );
        let family = json!({
            "key": "karpenter.k8s.aws/instance-family", "operator": "In", "values": ["g5"],
        });
        let state = |used: &str| {
            let resources = json!({"nvidia.com/gpu": used});
            let fields = json!({"spec": {"limits": gpus}, "status": {"resources": resources}});
            state_of(&family, &fields)
        };
        assert_eq!(state("3"), State::Ready);
        assert_eq!(state("4"), State::Full);
        // What a node class decides is full when it is exceeded.
        let pods = |used: &str| state_at(&json!({"pods": 100}), &json!({"pods": used}));
        assert_eq!((pods("100"), pods("110")), (State::Ready, State::Full));
    }

    /// Any instance has at least some CPU and memory.
    #[test]
    fn one_of_unknown_instance_types_is_full_when_nothing_is_left() {
        let state = |limits: &Value, resources: &Value| {
            let object = json!({
                "metadata": {"name": "one"},
                "spec": {"template": {"spec": {}}, "limits": limits},
                "status": {"resources": resources},
            });
            NodePool::from_object(object).unwrap().state()
        };
        for (resource, limit) in [("cpu", "2"), ("memory", "4Gi"), ("nodes", "2")] {
            let limits = json!({resource: limit});
            assert_eq!(state(&limits, &json!(null)), State::Ready, "{resource}");
            let used = json!({resource: limit});
            assert_eq!(state(&limits, &used), State::Full, "{resource}");
        }
        assert_eq!(
            state(&json!({"cpu": "2"}), &json!({"cpu": "1"})),
            State::Ready
        );
    }
}
