//! The template of a pod as it must become: the received one, with everything put where it belongs.

use serde_json::{Value, json};

use super::karpenter::makes;
use super::names::{ARCH, DECISION, POOL_LABEL, PREFERRED, REQUIRED};
use super::oracle::Question;
use super::scheduler::{items, tolerates};
use super::selectors::{constrains, on, one_of};

/// Returns the template of a pod that is placed on these node pools.
pub(crate) fn placed(template: &Value, question: &Question<'_>, node_pools: &[&Value]) -> Value {
    let mut template = template.clone();
    describe(&mut template, question, node_pools);
    let spec = &mut template["spec"];
    for taint in node_pools
        .iter()
        .flat_map(|node_pool| items(&node_pool["taints"]))
    {
        if !tolerates(spec, taint) {
            push(spec, "tolerations", toleration(taint));
        }
    }
    bind(spec, question, &names(node_pools));
    let offered = |name: &&str| is_offered(name, node_pools);
    let mut injected: Vec<&str> = question.wanted.iter().copied().filter(offered).collect();
    if injected.is_empty() {
        injected.clone_from(&question.wanted);
    }
    inject(spec, question, &injected);
    template
}

/// Adds the label and the annotations, unless the author wrote them.
fn describe(template: &mut Value, question: &Question<'_>, node_pools: &[&Value]) {
    let pool = question.pool["name"].as_str().unwrap();
    let of_pool = question.pool.get("annotations").and_then(Value::as_object);
    let annotations: Vec<(&str, Value)> = of_pool
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value.clone()))
        .chain([(DECISION, decision(question, node_pools).into())])
        .collect();
    let metadata = made(template, "metadata", &json!({}));
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
}

/// Returns the annotation that says how the pod was placed.
fn decision(question: &Question<'_>, node_pools: &[&Value]) -> String {
    let is_asked = |name: &&str| {
        let mut alternatives = question.alternatives.iter();
        alternatives.any(|alternative| {
            let allowed = question.architectures(&alternative.requirements);
            allowed.contains(name)
        })
    };
    let known = question.known.iter().copied();
    let architectures: Vec<&str> = known
        .filter(|name| is_offered(name, node_pools))
        .filter(is_asked)
        .collect();
    format!(
        "placed: rule={} pool={} nodePools={} architectures={}",
        question.rule,
        question.pool["name"].as_str().unwrap(),
        names(node_pools).join(","),
        architectures.join(",")
    )
}

/// Returns the narrowest toleration of a taint.
fn toleration(taint: &Value) -> Value {
    let mut toleration = taint.clone();
    let valued = taint.get("value").is_some();
    toleration["operator"] = if valued { "Equal" } else { "Exists" }.into();
    toleration
}

/// Binds the pod to node pools of these names, as far as its own selectors do not.
fn bind(spec: &mut Value, question: &Question<'_>, names: &[&str]) {
    let is_confined = |requirements: &[Value]| {
        on(requirements, question.label).any(|requirement| {
            let mut values = items(&requirement["values"]).iter();
            requirement["operator"] == "In"
                && values.all(|value| names.contains(&value.as_str().unwrap_or_default()))
        })
    };
    let alternatives = question.alternatives.iter();
    let unbound: Vec<Option<usize>> = alternatives
        .filter(|alternative| !is_confined(&alternative.requirements))
        .map(|alternative| alternative.term)
        .collect();
    if unbound.is_empty() {
        return;
    }
    if question.binds_softly() {
        let expressions = [one_of(question.label, names)];
        let preference = json!({"weight": 100, "preference": {"matchExpressions": expressions}});
        let affinity = made(spec, "affinity", &json!({}));
        let node_affinity = made(affinity, "nodeAffinity", &json!({}));
        if !items(&node_affinity[PREFERRED]).contains(&preference) {
            push(node_affinity, PREFERRED, preference);
        }
    } else if let [only] = names {
        made(spec, "nodeSelector", &json!({}))[question.label] = (*only).into();
    } else {
        for term in unbound {
            require(spec, term, one_of(question.label, names));
        }
    }
}

/// Requires one of these architectures in every alternative that speaks of none.
fn inject(spec: &mut Value, question: &Question<'_>, architectures: &[&str]) {
    for alternative in &question.alternatives {
        let requirements = &alternative.requirements;
        if !constrains(requirements, ARCH) && question.implied(requirements).is_none() {
            require(spec, alternative.term, one_of(ARCH, architectures));
        }
    }
}

/// Adds a requirement to a term, or to a new one if the pod has no terms.
fn require(spec: &mut Value, term: Option<usize>, requirement: Value) {
    let affinity = made(spec, "affinity", &json!({}));
    let node_affinity = made(affinity, "nodeAffinity", &json!({}));
    let required = made(node_affinity, REQUIRED, &json!({}));
    let terms = made(required, "nodeSelectorTerms", &json!([{}]));
    push(
        &mut terms[term.unwrap_or(0)],
        "matchExpressions",
        requirement,
    );
}

fn names<'n>(node_pools: &[&'n Value]) -> Vec<&'n str> {
    let names = node_pools.iter();
    names
        .filter_map(|node_pool| node_pool["name"].as_str())
        .collect()
}

fn is_offered(architecture: &str, node_pools: &[&Value]) -> bool {
    let mut node_pools = node_pools.iter();
    node_pools.any(|node_pool| makes(node_pool, ARCH, Some(architecture)))
}

/// Returns a field of a map, set to `empty` first if the map lacks it.
fn made<'v>(map: &'v mut Value, field: &str, empty: &Value) -> &'v mut Value {
    let field = &mut map[field];
    if field.is_null() {
        *field = empty.clone();
    }
    field
}

fn push(map: &mut Value, field: &str, item: Value) {
    let list = made(map, field, &json!([]));
    list.as_array_mut().unwrap().push(item);
}
