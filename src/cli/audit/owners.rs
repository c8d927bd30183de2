//! The workload that a person knows, for the controller of a pod.

use super::inventory::{Inventory, PodGroup};
use super::key::Key;

/// The minutes since 1970 at the end of the name of a `CronJob`'s Job: from 2017 to 2064.
const MINUTES: std::ops::Range<u64> = 25_000_000..50_000_000;

/// Returns the names of the workload that pods with a controller belong to: that of a `ReplicaSet` and of a Job is their own
/// controller. One that is not in the input is known by the rules that its name is made by.
pub(super) fn workload(owner: &Key, pods: &PodGroup, inventory: &Inventory) -> Key {
    if !owner.is_step() {
        return owner.clone();
    }
    if let Some(maker) = inventory.makers.get(owner) {
        return maker.controller.clone().unwrap_or_else(|| owner.clone());
    }
    by_name(owner, pods).unwrap_or_else(|| owner.clone())
}

/// Returns the names of the controller of a `ReplicaSet` or a Job, by its own name.
fn by_name(owner: &Key, pods: &PodGroup) -> Option<Key> {
    if owner.is("apps", "ReplicaSet") {
        let (hash, is_rollouts) = pods.hash.as_ref()?;
        let name = owner.name.strip_suffix(&**hash)?.strip_suffix('-')?;
        return Some(if *is_rollouts {
            owner.beside("argoproj.io", "Rollout", name)
        } else {
            owner.beside("apps", "Deployment", name)
        });
    }
    let (name, minutes) = owner.name.rsplit_once('-')?;
    let is_time = minutes
        .parse()
        .is_ok_and(|minutes| MINUTES.contains(&minutes));
    is_time.then(|| owner.beside("batch", "CronJob", name))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Inventory, Key, workload};
    use crate::cli::files::{Element, elements};

    fn inventory(objects: &[Value]) -> Inventory {
        let mut inventory = Inventory::default();
        for element in objects.iter().flat_map(elements) {
            if let Element::Object(object) = element {
                inventory.add(&object);
            }
        }
        inventory
    }

    fn pod(version: &str, kind: &str, name: &str, labels: &Value) -> Value {
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "p", "namespace": "n", "labels": labels, "ownerReferences": [
                {"apiVersion": version, "kind": kind, "name": name, "controller": true},
            ]},
            "spec": {},
        })
    }

    fn found(objects: &[Value]) -> (String, String) {
        let inventory = inventory(objects);
        let (owner, pods) = inventory.pods.first_key_value().unwrap();
        let Key { kind, name, .. } = workload(owner, pods, &inventory);
        (kind.into(), name.into())
    }

    #[test]
    fn a_pod_belongs_to_what_a_person_knows() {
        let hash = json!({"pod-template-hash": "5f6c"});
        let of_rollout = json!({"rollouts-pod-template-hash": "5f6c"});
        let none = json!({});
        for (version, kind, name, labels, expected) in [
            (
                "apps/v1",
                "ReplicaSet",
                "web-5f6c",
                &hash,
                ("Deployment", "web"),
            ),
            (
                "apps/v1",
                "ReplicaSet",
                "web-5f6c",
                &of_rollout,
                ("Rollout", "web"),
            ),
            (
                "apps/v1",
                "ReplicaSet",
                "web-5f6c",
                &none,
                ("ReplicaSet", "web-5f6c"),
            ),
            (
                "batch/v1",
                "Job",
                "sums-29012345",
                &none,
                ("CronJob", "sums"),
            ),
            ("batch/v1", "Job", "sums-42", &none, ("Job", "sums-42")),
            (
                "argoproj.io/v1alpha1",
                "Workflow",
                "w",
                &none,
                ("Workflow", "w"),
            ),
            ("v1", "Node", "ip-1", &none, ("Pod", "p")),
        ] {
            let (kind_found, name_found) = found(&[pod(version, kind, name, labels)]);
            assert_eq!((&*kind_found, &*name_found), expected, "{kind} {name}");
        }
    }

    #[test]
    fn what_the_input_says_goes_first() {
        let owner = |kind: &str, version: &str, name: &str, controller: &Value| {
            json!({
                "apiVersion": version, "kind": kind,
                "metadata": {"name": name, "namespace": "n", "ownerReferences": [controller]},
                "spec": {"template": {"spec": {"containers": []}}},
            })
        };
        let controller = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "shop", "controller": true,
        });
        let pod = pod(
            "apps/v1",
            "ReplicaSet",
            "web-5f6c",
            &json!({"pod-template-hash": "5f6c"}),
        );
        let replica_set = owner("ReplicaSet", "apps/v1", "web-5f6c", &controller);
        let expected = ("Rollout".to_owned(), "shop".to_owned());
        assert_eq!(found(&[pod.clone(), replica_set.clone()]), expected);
        assert_eq!(found(&[replica_set, pod]), expected);
    }
}
