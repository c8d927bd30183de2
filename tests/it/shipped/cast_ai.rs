//! What ships for CAST AI: a policy that berth takes, and node templates that are those of its catalogue.

use std::collections::BTreeMap;
use std::sync::Arc;

use berth::node::Catalogue;
use berth::placement::{Reason, Snapshot};
use berth::policy::read_policy;
use serde_json::{Value, json};

use crate::generate::{NODE_LABELS, World};
use crate::reviews::{self, Review};
use crate::scheduler::items;

const POLICY: &str = "deploy/platforms/cast-ai/policy.yaml";
const TEMPLATES: &str = "deploy/platforms/cast-ai/node-templates.tf";

/// What both files say of a node template.
#[derive(Debug, PartialEq, Eq)]
struct Template {
    architecture: String,
    spot: bool,
    taints: Vec<Value>,
}

/// The entries of the map `node_templates`, one a line: `NAME = { architecture = "…", spot = …, should_taint = … }`.
fn templates(text: &str) -> BTreeMap<String, Template> {
    let (_, map) = text.split_once("node_templates = {\n").unwrap();
    let (map, _) = map.split_once("\n  }\n").unwrap();
    let entries = map.lines().map(|line| {
        let (name, fields) = line.split_once('=').unwrap();
        let fields = fields.trim().trim_matches(['{', '}']).split(',');
        let fields: BTreeMap<&str, &str> = fields
            .map(|field| field.split_once('=').unwrap())
            .map(|(key, value)| (key.trim(), value.trim()))
            .collect();
        let name = name.trim().to_owned();
        let mut taints = Vec::new();
        if fields["should_taint"] == "true" {
            taints.push(json!({"key": NODE_LABELS[1], "value": name, "effect": "NoSchedule"}));
        }
        if fields["spot"] == "true" {
            taints.push(json!({"key": "scheduling.cast.ai/spot", "effect": "NoSchedule"}));
        }
        let template = Template {
            architecture: fields["architecture"].trim_matches('"').to_owned(),
            spot: fields["spot"] == "true",
            taints,
        };
        (name, template)
    });
    entries.collect()
}

/// The entries of the policy's catalogue.
fn catalogue() -> BTreeMap<String, Template> {
    let world = World::cast_ai();
    let entries = world.node_pools.iter().map(|entry| {
        assert_eq!(entry["nodeLabel"], NODE_LABELS[1], "{entry}");
        assert_eq!(entry["external"], true, "{entry}");
        let mut requirements = items(&entry["requirements"]).iter();
        let arch = requirements.find(|one| one["key"] == "kubernetes.io/arch");
        let [architecture] = items(&arch.unwrap()["values"]) else {
            panic!("{entry}");
        };
        let labelled = |name: &str| entry["labels"][format!("scheduling.cast.ai/{name}")] == "true";
        assert_ne!(labelled("spot"), labelled("on-demand"), "{entry}");
        let template = Template {
            architecture: architecture.as_str().unwrap().to_owned(),
            spot: labelled("spot"),
            taints: items(&entry["taints"]).to_vec(),
        };
        (entry["name"].as_str().unwrap().to_owned(), template)
    });
    entries.collect()
}

#[test]
fn every_node_template_has_its_entry_and_every_entry_its_node_template() {
    assert_eq!(templates(&reviews::text_of(TEMPLATES)), catalogue());
}

/// Read as strictly as any file, and held to the schema's bounds; every node pool of its pools is in its catalogue.
#[test]
fn the_policy_is_taken() {
    let (policy, catalogue) = read_policy(&reviews::text_of(POLICY)).unwrap();
    let names = policy.pools().iter().flat_map(|pool| &pool.node_pools);
    assert!(names.clone().all(|name| catalogue.get(name).is_some()));
    assert_eq!(names.count(), catalogue.iter().count());
    Snapshot::new(policy, catalogue).unwrap();
}

/// Pools and rules are the default policy's: what a pod asks for means the same on every platform.
#[test]
fn the_policy_asks_what_the_default_one_asks() {
    let (ours, default) = (reviews::policy_of(POLICY), reviews::shipped_policy());
    for field in ["/spec/architectures", "/spec/rules"] {
        assert_eq!(ours.pointer(field), default.pointer(field), "{field}");
    }
    let names = |policy: &Value| -> Vec<Value> {
        let pools = items(&policy["spec"]["pools"]).iter();
        pools.map(|pool| pool["name"].clone()).collect()
    };
    assert_eq!(names(&ours), names(&default));
}

/// A node pool that turns up later under another label is left out: no one requirement could bind a pod to both.
#[test]
fn of_two_labels_in_one_pool_the_first_counts() {
    let entry = |name: &str, label: &str| json!({"name": name, "nodeLabel": label});
    let pools = json!([{"name": "default", "nodePools": ["a", "b", "c"]}]);
    let rules = json!([{"name": "all", "place": {"pool": "default"}}]);
    let policy = reviews::policy_with(&json!({"pools": pools, "rules": rules}));
    let snapshot = |node_pools: &[Value]| reviews::snapshot(policy.clone(), Some(node_pools));
    let [karpenters, other] = NODE_LABELS;
    let same = [entry("a", other), entry("c", other)];
    let mixed = snapshot(&[entry("b", karpenters)]).unwrap();
    let mut snapshot = snapshot(&same).unwrap();
    snapshot.catalogue = Arc::new(Catalogue::with(&snapshot.catalogue, &mixed.catalogue));
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": {}});
    let reply = reviews::mutate(&Review::of(&pod).body(), &snapshot);
    assert_eq!(reply.reason, Reason::Placed);
    let patched = reviews::patched(&pod, &reply.patch).unwrap();
    let terms = &patched["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        ["nodeSelectorTerms"];
    let expected = json!({"key": other, "operator": "In", "values": ["a", "c"]});
    assert_eq!(terms[0]["matchExpressions"][0], expected);
}
