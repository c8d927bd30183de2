//! The files for CAST AI: a policy that berth accepts, and the node templates of its catalogue.

use std::collections::BTreeMap;
use std::sync::Arc;

use berth::node::Catalogue;
use berth::placement::{Reason, Snapshot};
use berth::policy::read_policy;
use serde_json::{Value, json};

use super::manifests::of_kind;
use crate::harness::review::Review;
use crate::harness::{repository, snapshots};
use crate::model::names::NODE_LABELS;
use crate::model::scheduler::items;
use crate::model::worlds::World;

const POLICY: &str = "deploy/platforms/cast-ai/policy.yaml";
const TEMPLATES: &str = "deploy/platforms/cast-ai/node-templates.tf";

/// A node template as both files describe it.
#[derive(Debug, PartialEq, Eq)]
struct Template {
    architecture: String,
    spot: bool,
    taints: Vec<Value>,
}

/// Reads the entries of the map `node_templates`, one a line: `NAME = { architecture = "…", spot = …, should_taint = …
/// }`.
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

/// Returns the entries of the policy's catalogue.
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
fn the_node_templates_are_the_entries_of_the_catalogue() {
    assert_eq!(templates(&repository::text_of(TEMPLATES)), catalogue());
}

/// Each template is bounded as the node pools of Karpenter are.
#[test]
fn a_template_has_the_limit_of_a_node_pool() {
    let text = repository::text_of(TEMPLATES);
    let (_, limits) = text.split_once("resource_limits {").unwrap();
    let (limits, _) = limits.split_once('}').unwrap();
    let limits: BTreeMap<&str, &str> = limits
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.trim(), value.trim()))
        .collect();
    for node_pool in of_kind("deploy/platforms/karpenter", "NodePool") {
        let limit = node_pool["spec"]["limits"]["cpu"].as_str().unwrap();
        let expected = BTreeMap::from([
            ("cpu_limit_enabled", "true"),
            ("cpu_limit_max_cores", limit),
        ]);
        assert_eq!(limits, expected);
    }
}

/// It is read as strictly as any file and held to the schema's bounds. Every node pool of its pools is in its
/// catalogue.
#[test]
fn the_policy_is_accepted() {
    let (policy, catalogue) = read_policy(&repository::text_of(POLICY)).unwrap();
    let names = policy.pools().iter().flat_map(|pool| &pool.node_pools);
    assert!(names.clone().all(|name| catalogue.get(name).is_some()));
    assert_eq!(names.count(), catalogue.iter().count());
    Snapshot::new(policy, catalogue).unwrap();
}

/// A pod's labels mean the same on every platform.
#[test]
fn pools_and_rules_are_those_of_the_default_policy() {
    let (ours, default) = (repository::value_of(POLICY), repository::shipped_policy());
    for field in ["/spec/architectures", "/spec/rules"] {
        assert_eq!(ours.pointer(field), default.pointer(field), "{field}");
    }
    let names = |policy: &Value| -> Vec<Value> {
        let pools = items(&policy["spec"]["pools"]).iter();
        pools.map(|pool| pool["name"].clone()).collect()
    };
    assert_eq!(names(&ours), names(&default));
}

/// A node pool that appears later under another label is left out: no single requirement could bind a pod to both.
#[test]
fn the_first_of_two_node_labels_in_one_pool_counts() {
    let entry = |name: &str, label: &str| json!({"name": name, "nodeLabel": label});
    let pools = json!([{"name": "default", "nodePools": ["a", "b", "c"]}]);
    let rules = json!([{"name": "all", "place": {"pool": "default"}}]);
    let policy = repository::policy_with(&json!({"pools": pools, "rules": rules}));
    let snapshot = |node_pools: &[Value]| snapshots::snapshot(&policy, Some(node_pools));
    let [karpenters, other] = NODE_LABELS;
    let same = [entry("a", other), entry("c", other)];
    let mixed = snapshot(&[entry("b", karpenters)]).unwrap();
    let mut snapshot = snapshot(&same).unwrap();
    snapshot.catalogue = Arc::new(Catalogue::with(&snapshot.catalogue, &mixed.catalogue));
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": {}});
    let verdict = Review::of(&pod).mutate(&snapshot);
    assert_eq!(verdict.reason, Reason::Placed);
    let patched = verdict.patched(&pod).unwrap();
    let terms = &patched["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        ["nodeSelectorTerms"];
    let expected = json!({"key": other, "operator": "In", "values": ["a", "c"]});
    assert_eq!(terms[0]["matchExpressions"][0], expected);
}
