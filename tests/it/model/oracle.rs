//! The merge once more: slow, obvious, over whole value trees, and sharing no line with the code that it judges.
//!
//! A node pool fits a pod when some value for every label that the pod speaks of is allowed by both, found by trying
//! them. The expected object is the received one with everything put where it belongs.

use std::collections::BTreeSet;

use berth::placement::Reason;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::generate::{self, World};
use crate::laws;
use crate::reviews::{self, Reply, Review};
use crate::scheduler::{items, requirement_matches, tolerates};

const ARCH: &str = "kubernetes.io/arch";
const POOL_LABEL: &str = "placement.truemark.io/pool";
const ARCH_LABEL: &str = "placement.truemark.io/arch";
const DECISION: &str = "placement.truemark.io/decision";
const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// The labels that every node of every node pool has.
const ON_EVERY_NODE: [&str; 4] = [
    ARCH,
    "kubernetes.io/os",
    "topology.kubernetes.io/zone",
    "node.kubernetes.io/instance-type",
];

fn canonical(key: &str) -> &str {
    match key {
        "beta.kubernetes.io/arch" => ARCH,
        "beta.kubernetes.io/os" => "kubernetes.io/os",
        "beta.kubernetes.io/instance-type" => "node.kubernetes.io/instance-type",
        "failure-domain.beta.kubernetes.io/zone" => "topology.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region" => "topology.kubernetes.io/region",
        other => other,
    }
}

fn key_of(requirement: &Value) -> &str {
    canonical(requirement["key"].as_str().unwrap_or_default())
}

/// One way to satisfy a pod: the requirements of its selector and of one term, and the term's position.
type Alternative = (Option<usize>, Vec<Value>);

fn alternatives(spec: &Value) -> Vec<Alternative> {
    let selector = spec["nodeSelector"].as_object().into_iter().flatten();
    let selected: Vec<Value> = selector
        .map(|(key, value)| json!({"key": key, "operator": "In", "values": [value]}))
        .collect();
    let required = &spec["affinity"]["nodeAffinity"][REQUIRED];
    if required.is_null() {
        return vec![(None, selected)];
    }
    let terms = items(&required["nodeSelectorTerms"]).iter().enumerate();
    terms
        .filter(|(_, term)| !items(&term["matchExpressions"]).is_empty())
        .map(|(index, term)| {
            let expressions = items(&term["matchExpressions"]).iter().cloned();
            (
                Some(index),
                selected.iter().cloned().chain(expressions).collect(),
            )
        })
        .collect()
}

fn on<'r>(requirements: &'r [Value], key: &'r str) -> impl Iterator<Item = &'r Value> {
    requirements
        .iter()
        .filter(move |requirement| key_of(requirement) == key)
}

/// Every value worth trying for a label: those that anyone mentions, their neighbours, and one that nobody does.
fn candidates(key: &str, requirements: &[&[Value]]) -> BTreeSet<Option<String>> {
    let mentioned = requirements
        .iter()
        .flat_map(|list| on(list, key))
        .flat_map(|requirement| items(&requirement["values"]))
        .filter_map(Value::as_str);
    let mut values = BTreeSet::from([None, Some("another".to_owned())]);
    for value in mentioned {
        values.insert(Some(value.to_owned()));
        if let Ok(number) = value.parse::<i64>() {
            values.insert(Some((number - 1).to_string()));
            values.insert(Some((number + 1).to_string()));
        }
    }
    values
}

/// What a node pool says of the labels of its nodes.
fn said(node_pool: &Value) -> Vec<Value> {
    let labels = node_pool["labels"].as_object().into_iter().flatten();
    let labels =
        labels.map(|(key, value)| json!({"key": key, "operator": "In", "values": [value]}));
    labels
        .chain(items(&node_pool["requirements"]).iter().cloned())
        .collect()
}

/// Whether a node pool can make a node with this value of the label, or without it.
fn makes(node_pool: &Value, key: &str, value: Option<&str>) -> bool {
    if key == generate::node_label(node_pool) {
        return value == node_pool["name"].as_str();
    }
    let by_karpenter = generate::node_label(node_pool) == generate::NODE_LABELS[0];
    let always =
        ON_EVERY_NODE.contains(&key) || (by_karpenter && key == "karpenter.sh/capacity-type");
    if value.is_none() && always {
        return false;
    }
    let said = said(node_pool);
    let asked: Vec<&Value> = on(&said, key).collect();
    if asked.is_empty() {
        let known = key.starts_with("karpenter.k8s.aws/") || key.starts_with("eks.amazonaws.com/");
        return match value {
            Some(_) => always || (by_karpenter && known),
            None => !always,
        };
    }
    asked
        .iter()
        .all(|requirement| requirement_matches(requirement, value))
}

/// Whether a node pool can make a node for all of these requirements, each label taken by itself.
fn meets(node_pool: &Value, requirements: &[Value]) -> bool {
    let keys: BTreeSet<&str> = requirements.iter().map(key_of).collect();
    let met = |key: &&str| {
        let of_node_pool = said(node_pool);
        candidates(key, &[requirements, &of_node_pool])
            .iter()
            .any(|value| {
                makes(node_pool, key, value.as_deref())
                    && on(requirements, key)
                        .all(|requirement| requirement_matches(requirement, value.as_deref()))
            })
    };
    let label = generate::node_label(node_pool);
    keys.iter().filter(|key| **key != label).all(met)
        && on(requirements, label)
            .all(|requirement| requirement_matches(requirement, node_pool["name"].as_str()))
}

/// What a pod asks for, and of what policy and cluster.
struct Question<'q> {
    spec: &'q Value,
    known: Vec<&'q str>,
    wanted: Vec<&'q str>,
    pool: &'q Value,
    node_pools: &'q [Value],
    /// The label by which the nodes of the pool carry the names of its node pools.
    label: &'q str,
}

impl<'q> Question<'q> {
    fn new(world: &'q World, template: &'q Value, rule: &str, pool: &str) -> Option<Self> {
        let spec = &world.policy["spec"];
        let named = |list: &'q Value, name: &str| {
            let found = items(list).iter().find(|item| item["name"] == name);
            found.unwrap_or_else(|| panic!("{name}"))
        };
        let known: Vec<&str> = items(&spec["architectures"]["known"])
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let asked = template["metadata"]["labels"].get(ARCH_LABEL);
        let choice = asked
            .map(|asked| asked.as_str().unwrap_or_default())
            .or(named(&spec["rules"], rule)["place"]["architecture"].as_str())
            .or(spec["architectures"]["default"].as_str())?;
        let wanted = match choice {
            "any" => known.clone(),
            one => known.iter().copied().filter(|name| *name == one).collect(),
        };
        let pool = named(&spec["pools"], pool);
        let first = items(&pool["nodePools"]).iter().find_map(|name| {
            let mut node_pools = world.node_pools.iter();
            node_pools.find(|entry| entry["name"] == *name)
        });
        let question = Self {
            spec: &template["spec"],
            known,
            wanted,
            pool,
            node_pools: &world.node_pools,
            label: first.map_or(generate::NODE_LABELS[0], generate::node_label),
        };
        // A choice that there is not matters to those alternatives alone that leave one.
        let alternatives = alternatives(question.spec);
        let chosen = alternatives
            .iter()
            .all(|(_, requirements)| on(requirements, ARCH).next().is_some());
        (chosen || !question.wanted.is_empty()).then_some(question)
    }

    fn binds_softly(&self) -> bool {
        self.pool["binding"] == "Preferred"
    }

    fn architectures(&self, requirements: &[Value]) -> Vec<&'q str> {
        let mut constraints = on(requirements, ARCH).peekable();
        if constraints.peek().is_none() {
            return self.wanted.clone();
        }
        let admitted = |name: &&str| {
            on(requirements, ARCH).all(|requirement| requirement_matches(requirement, Some(name)))
        };
        self.known.iter().copied().filter(admitted).collect()
    }

    /// The requirements of the preference that Karpenter takes for a requirement: the first of the heaviest, berth's own
    /// among them where the pool binds softly.
    fn preferred(&self) -> &'q [Value] {
        let own = if self.binds_softly() { 100 } else { 1 };
        let preferred = items(&self.spec["affinity"]["nodeAffinity"][PREFERRED]);
        let weight = |term: &&Value| term["weight"].as_i64().unwrap_or_default();
        let heaviest = preferred.iter().rev().max_by_key(weight);
        let heaviest = heaviest.filter(|term| weight(term) >= own);
        heaviest.map_or(&[], |term| items(&term["preference"]["matchExpressions"]))
    }

    /// Whether a node pool can make nodes for an alternative, which Karpenter tries with the preference if others follow.
    fn suits(&self, node_pool: &Value, (position, requirements): &Alternative) -> bool {
        let terms = items(&self.spec["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]);
        let is_last = position.is_none_or(|position| position + 1 == terms.len());
        let preferred = if is_last { &[] } else { self.preferred() };
        let both: Vec<Value> = requirements.iter().chain(preferred).cloned().collect();
        meets(node_pool, &both)
            && self.architectures(requirements).iter().any(|name| {
                makes(node_pool, ARCH, Some(name))
                    && on(preferred, ARCH)
                        .all(|requirement| requirement_matches(requirement, Some(name)))
            })
    }

    /// Whether Karpenter passes over the pod once it is bound to these node pools: when it looks first, with the first term
    /// and the heaviest preference, none of them is left.
    fn is_passed_over(&self, node_pools: &[&Value]) -> bool {
        let terms = items(&self.spec["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]);
        let first = terms.first().map(|term| &term["matchExpressions"]);
        let first = first.map_or(&[][..], items);
        let selected = &self.spec["nodeSelector"][self.label];
        let is_seen = |node_pool: &&Value| {
            let name = node_pool["name"].as_str();
            (selected.is_null() || selected.as_str() == name)
                && on(first, self.label)
                    .chain(on(self.preferred(), self.label))
                    .all(|requirement| requirement_matches(requirement, name))
        };
        !node_pools.iter().any(is_seen)
    }

    /// The pool's node pools that the cluster has and the pod can use, in the policy's order.
    fn node_pools(&self) -> Vec<&'q Value> {
        let alternatives = alternatives(self.spec);
        let suits = |node_pool: &&Value| {
            let mut alternatives = alternatives.iter();
            alternatives.any(|alternative| self.suits(node_pool, alternative))
        };
        items(&self.pool["nodePools"])
            .iter()
            .filter_map(|name| self.node_pools.iter().find(|entry| entry["name"] == *name))
            .filter(suits)
            .collect()
    }
}

/// Gets a field of a map, made where there is nothing.
fn made<'v>(value: &'v mut Value, field: &str, empty: &Value) -> &'v mut Value {
    let field = &mut value[field];
    if field.is_null() {
        *field = empty.clone();
    }
    field
}

fn push(value: &mut Value, field: &str, item: Value) {
    let list = made(value, field, &json!([]));
    list.as_array_mut().unwrap().push(item);
}

fn any_of(key: &str, values: &[&str]) -> Value {
    json!({"key": key, "operator": "In", "values": values})
}

/// Puts requirements into every alternative that lacks them, given by its position.
fn require(spec: &mut Value, added: &[(Option<usize>, Value)]) {
    for (position, requirement) in added {
        let affinity = made(spec, "affinity", &json!({}));
        let node_affinity = made(affinity, "nodeAffinity", &json!({}));
        let required = made(node_affinity, REQUIRED, &json!({}));
        let terms = made(required, "nodeSelectorTerms", &json!([{}]));
        push(
            &mut terms[position.unwrap_or(0)],
            "matchExpressions",
            requirement.clone(),
        );
    }
}

/// The template as it must be once the pod is placed on these node pools.
fn placed(template: &Value, question: &Question<'_>, rule: &str, node_pools: &[&Value]) -> Value {
    let mut template = template.clone();
    let names: Vec<&str> = node_pools
        .iter()
        .filter_map(|node_pool| node_pool["name"].as_str())
        .collect();
    let offered = |name: &&str| {
        node_pools
            .iter()
            .any(|entry| makes(entry, ARCH, Some(name)))
    };
    let alternatives = alternatives(question.spec);
    let pool = question.pool["name"].as_str().unwrap();

    let reached: Vec<&str> = question
        .known
        .iter()
        .copied()
        .filter(offered)
        .filter(|name| {
            alternatives
                .iter()
                .any(|(_, requirements)| question.architectures(requirements).contains(name))
        })
        .collect();
    let decision = format!(
        "placed: rule={rule} pool={pool} nodePools={} architectures={}",
        names.join(","),
        reached.join(",")
    );
    let metadata = made(&mut template, "metadata", &json!({}));
    let of_pool = question.pool.get("annotations").and_then(Value::as_object);
    let of_pool = of_pool.into_iter().flatten();
    let annotations: Vec<(&str, Value)> = of_pool
        .map(|(key, value)| (key.as_str(), value.clone()))
        .chain([(DECISION, decision.into())])
        .collect();
    for (map, entries) in [
        ("labels", vec![(POOL_LABEL, pool.into())]),
        ("annotations", annotations),
    ] {
        for (key, value) in entries {
            if metadata[map].get(key).is_none() {
                made(metadata, map, &json!({}))[key] = value;
            }
        }
    }

    let spec = &mut template["spec"];
    for taint in node_pools
        .iter()
        .flat_map(|node_pool| items(&node_pool["taints"]))
    {
        if !tolerates(spec, taint) {
            let mut toleration = taint.clone();
            let valued = taint.get("value").is_some();
            toleration["operator"] = if valued { "Equal" } else { "Exists" }.into();
            push(spec, "tolerations", toleration);
        }
    }

    let confined = |requirements: &[Value]| {
        on(requirements, question.label).any(|requirement| {
            requirement["operator"] == "In"
                && items(&requirement["values"])
                    .iter()
                    .all(|value| names.contains(&value.as_str().unwrap_or_default()))
        })
    };
    let unbound: Vec<Option<usize>> = alternatives
        .iter()
        .filter(|(_, requirements)| !confined(requirements))
        .map(|(position, _)| *position)
        .collect();
    if unbound.is_empty() {
    } else if question.binds_softly() {
        let preference = json!({
            "weight": 100,
            "preference": {"matchExpressions": [any_of(question.label, &names)]},
        });
        let affinity = made(spec, "affinity", &json!({}));
        let node_affinity = made(affinity, "nodeAffinity", &json!({}));
        if !items(&node_affinity[PREFERRED]).contains(&preference) {
            push(node_affinity, PREFERRED, preference);
        }
    } else if let [only] = names[..] {
        made(spec, "nodeSelector", &json!({}))[question.label] = only.into();
    } else {
        let added: Vec<_> = unbound
            .iter()
            .map(|position| (*position, any_of(question.label, &names)))
            .collect();
        require(spec, &added);
    }

    let mut injected: Vec<&str> = question.wanted.iter().copied().filter(offered).collect();
    if injected.is_empty() {
        injected.clone_from(&question.wanted);
    }
    require(spec, &missing_architectures(&alternatives, &injected));
    template
}

fn missing_architectures(
    alternatives: &[Alternative],
    injected: &[&str],
) -> Vec<(Option<usize>, Value)> {
    alternatives
        .iter()
        .filter(|(_, requirements)| on(requirements, ARCH).next().is_none())
        .map(|(position, _)| (*position, any_of(ARCH, injected)))
        .collect()
}

/// What is wrong with a reply, if anything, by the oracle.
fn differs(object: &Value, world: &World, reply: &Reply) -> Option<String> {
    let path = reviews::template_path(object["kind"].as_str().unwrap_or_default());
    let patched = reviews::patched(object, &reply.patch).unwrap();
    let (Some(rule), Some(pool), Some(template)) = (&reply.rule, &reply.pool, object.pointer(path))
    else {
        return (patched != *object).then(|| "a pod that no rule places is changed".to_owned());
    };
    let question = Question::new(world, template, rule, pool);
    let Some(question) = question else {
        return (reply.reason != Reason::UnknownArchitecture)
            .then(|| format!("{} despite an unknown architecture", reply.reason));
    };
    let node_pools = question.node_pools();
    let mut expected = object.clone();
    let mut reasons = vec![Reason::Explicit, Reason::Conflict];
    if !node_pools.is_empty() && !question.is_passed_over(&node_pools) {
        let placed = placed(template, &question, rule, &node_pools);
        let changed = placed != *template;
        reasons = vec![if changed {
            Reason::Placed
        } else {
            Reason::AlreadyPlaced
        }];
        *expected.pointer_mut(path).unwrap() = placed;
    } else if reply.reason == Reason::Unavailable {
        reasons = vec![Reason::Unavailable];
        let missing = missing_architectures(&alternatives(question.spec), &question.wanted);
        require(&mut expected.pointer_mut(path).unwrap()["spec"], &missing);
    }
    if !reasons.contains(&reply.reason) {
        return Some(format!("{} instead of {reasons:?}", reply.reason));
    }
    if reply.mode == "Audit" {
        expected = object.clone();
    }
    (patched != expected).then(|| format!("expected {expected:#}\nfound {patched:#}"))
}

proptest! {
    #![proptest_config(laws::config())]

    #[test]
    fn generated_workloads_are_placed_as_the_oracle_says(
        object in generate::workload(),
        world in World::any(),
    ) {
        let reply = reviews::mutate(&Review::of(&object).body(), &world.snapshot());
        let differs = differs(&object, &world, &reply);
        prop_assert!(differs.is_none(), "{}", differs.unwrap());
    }
}

#[test]
fn recorded_workloads_are_placed_as_the_oracle_says() {
    let corpus = laws::corpus_or_notice("the oracle");
    let world = World::shipped();
    let snapshot = world.snapshot();
    for (origin, object) in &corpus {
        let reply = reviews::mutate(&Review::of(object).body(), &snapshot);
        let differs = differs(object, &world, &reply);
        assert!(differs.is_none(), "{origin}: {}", differs.unwrap());
    }
}
