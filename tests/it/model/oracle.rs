//! The decision on a pod once more: slow, obvious, over whole value trees, and sharing no line with the code that it
//! judges.

use serde_json::{Value, json};

use super::instances::{implied, name_instances, some_type_meets};
use super::karpenter::{has_label, makes, meets, node_label, said};
use super::names::{ARCH, ARCH_LABEL, NODE_POOL};
use super::scheduler::{items, requirement_matches};
use super::selectors::{
    Alternative, allow, alternatives, constrains, heaviest_preference, key_of, on, terms, weight,
};
use super::worlds::World;

/// A pod that a rule sends to a pool, in one world.
pub(crate) struct Question<'w> {
    /// The pod's spec.
    pub(crate) spec: &'w Value,
    /// The ways to satisfy its selectors.
    pub(crate) alternatives: Vec<Alternative>,
    /// The name of the rule.
    pub(crate) rule: &'w str,
    /// The pool, as the policy has it.
    pub(crate) pool: &'w Value,
    /// The label by which the nodes of the pool carry the names of its node pools.
    pub(crate) label: &'w str,
    /// The architectures that the policy knows, in its order.
    pub(crate) known: Vec<&'w str>,
    /// The architectures that were chosen for what the pod leaves open.
    pub(crate) wanted: Vec<&'w str>,
    /// True if the pod's own label chose the architecture.
    insists: bool,
    cluster: Vec<&'w Value>,
}

impl<'w> Question<'w> {
    /// Asks for a pod, given by its template. `None` stands for an unknown architecture.
    pub(crate) fn new(
        world: &'w World,
        template: &'w Value,
        rule: &'w str,
        pool: &'w str,
    ) -> Option<Self> {
        let policy = &world.policy["spec"];
        let architectures = &policy["architectures"];
        let known = items(&architectures["known"]).iter();
        let known: Vec<&str> = known.filter_map(Value::as_str).collect();
        let of_pod = template["metadata"]["labels"].get(ARCH_LABEL);
        let of_pod = of_pod.map(|choice| choice.as_str().unwrap_or_default());
        let insists = of_pod.is_some();
        let of_rule = named(&policy["rules"], rule)["place"]["architecture"].as_str();
        let choice = of_pod.or(of_rule).or(architectures["default"].as_str())?;
        let wanted = match choice {
            "any" => known.clone(),
            one => known.iter().copied().filter(|name| *name == one).collect(),
        };
        let pool = named(&policy["pools"], pool);
        let cluster: Vec<&Value> = world.cluster().collect();
        let first = existing(pool, &cluster).next();
        let spec = &template["spec"];
        let question = Self {
            spec,
            alternatives: alternatives(spec),
            rule,
            pool,
            label: first.map_or(NODE_POOL, node_label),
            known,
            wanted,
            insists,
            cluster,
        };
        // An unknown choice matters only to alternatives that leave one.
        let mut all = question.alternatives.iter();
        let is_chosen = all.all(|alternative| constrains(&alternative.requirements, ARCH));
        (is_chosen || !question.wanted.is_empty()).then_some(question)
    }

    /// True if the pool adds a preference instead of a requirement.
    pub(crate) fn binds_softly(&self) -> bool {
        self.pool["binding"] == "Preferred"
    }

    /// Returns the architecture that an alternative gives away by its instance type.
    pub(crate) fn implied(&self, requirements: &[Value]) -> Option<&'static str> {
        if self.insists {
            return None;
        }
        implied(requirements, self.label == NODE_POOL)
    }

    /// Returns the known architectures that an alternative allows: what its author asks for wins over what was chosen.
    pub(crate) fn architectures(&self, requirements: &[Value]) -> Vec<&'w str> {
        if let Some(implied) = self.implied(requirements) {
            let known = self.known.iter().copied();
            return known.filter(|name| *name == implied).collect();
        }
        if !constrains(requirements, ARCH) {
            return self.wanted.clone();
        }
        let known = self.known.iter().copied();
        known
            .filter(|name| allow(requirements, ARCH, Some(name)))
            .collect()
    }

    /// Returns the pool's node pools that the cluster has and the pod can use, in the policy's order. A pool binds no node
    /// pool of another label, and none that is tainted if it binds softly.
    pub(crate) fn node_pools(&self) -> Vec<&'w Value> {
        let is_bound = |node_pool: &&Value| {
            let is_tainted = !items(&node_pool["taints"]).is_empty();
            node_label(node_pool) == self.label && !(self.binds_softly() && is_tainted)
        };
        let suits = |node_pool: &&Value| {
            let mut alternatives = self.alternatives.iter();
            alternatives.any(|alternative| self.suits(node_pool, alternative))
        };
        let existing = existing(self.pool, &self.cluster);
        existing.filter(is_bound).filter(suits).collect()
    }

    /// True if a node pool can make nodes for an alternative. Karpenter tries it together with the preference unless it
    /// is the last one.
    fn suits(&self, node_pool: &Value, alternative: &Alternative) -> bool {
        let requirements = &alternative.requirements;
        let preferred = if alternative.is_last {
            &[]
        } else {
            self.preferred()
        };
        let mut architectures = self.architectures(requirements).into_iter();
        let asked = [requirements, preferred].concat();
        let by_type = node_label(node_pool) == NODE_POOL && name_instances(&asked);
        let all = [&asked[..], &said(node_pool)].concat();
        let keys = items(&self.spec["topologySpreadConstraints"]).iter();
        let mut hard = keys.filter(|spread| spread["whenUnsatisfiable"] == "DoNotSchedule");
        hard.all(|spread| has_label(node_pool, key_of(&json!({"key": spread["topologyKey"]}))))
            && meets(node_pool, &asked)
            && architectures.any(|name| {
                makes(node_pool, ARCH, Some(name))
                    && allow(preferred, ARCH, Some(name))
                    && (!by_type || some_type_meets(&all, name))
            })
    }

    /// Returns what Karpenter requires of the heaviest preference, berth's own among them if the pool binds softly.
    fn preferred(&self) -> &'w [Value] {
        let own = if self.binds_softly() { 100 } else { 1 };
        let heaviest = heaviest_preference(self.spec).filter(|heaviest| weight(heaviest) >= own);
        heaviest.map_or(&[], |term| items(&term["preference"]["matchExpressions"]))
    }

    /// True if Karpenter passes over the pod once it is bound to these node pools: when Karpenter looks first, with the
    /// first term and the heaviest preference, none of them is left.
    pub(crate) fn is_passed_over(&self, node_pools: &[&Value]) -> bool {
        let first = terms(self.spec).first();
        let first = first.map_or(&[][..], |term| items(&term["matchExpressions"]));
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
}

/// Returns the item of a list that has the name.
pub(crate) fn named<'v>(list: &'v Value, name: &str) -> &'v Value {
    let found = items(list).iter().find(|item| item["name"] == name);
    found.unwrap_or_else(|| panic!("{name}"))
}

/// Returns a pool's node pools that the cluster has, in the policy's order.
fn existing<'w>(pool: &'w Value, cluster: &[&'w Value]) -> impl Iterator<Item = &'w Value> {
    let names = items(&pool["nodePools"]).iter();
    names.filter_map(|name| cluster.iter().copied().find(|entry| entry["name"] == *name))
}
