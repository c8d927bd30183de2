//! The nodes, as far as they say what kind of node they are.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::cli::audit::report::{Place, Resources};
use crate::encoding::quantity::thousandths;
use crate::label::{ARCH, CAPACITY_TYPE, INSTANCE_TYPE, NODE_POOL, ZONE};

/// The label by which nodes of CAST AI carry the name of their node template.
const NODE_TEMPLATE: &str = "scheduling.cast.ai/node-template";
/// The label of CAST AI's spot nodes.
const CAST_AI_SPOT: &str = "scheduling.cast.ai/spot";
/// The label by which EKS says how the nodes of a managed node group are paid for.
const NODE_GROUP_CAPACITY: &str = "eks.amazonaws.com/capacityType";

/// The nodes, by the numbers that the inventory gives their names.
#[derive(Debug, Default)]
pub(in crate::cli::audit) struct Nodes {
    /// The keys of the labels by which nodes may carry the names of their node pools, besides the usual ones.
    keys: BTreeSet<String>,
    numbers: HashMap<Box<str>, u32>,
    facts: Vec<Option<NodeFacts>>,
}

/// The facts about a node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::cli::audit) struct NodeFacts {
    pub(in crate::cli::audit) place: Place,
    pub(in crate::cli::audit) instance_type: Option<String>,
    /// Its capacity, as it says itself.
    pub(in crate::cli::audit) capacity: Resources,
}

impl Nodes {
    pub(super) fn by_labels(keys: BTreeSet<String>) -> Self {
        Self {
            keys,
            ..Self::default()
        }
    }

    /// Returns the number of a name.
    pub(super) fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.facts.len()).unwrap_or(u32::MAX);
        self.numbers.insert(name.into(), number);
        self.facts.push(None);
        number
    }

    pub(super) fn add(&mut self, name: &str, node: &Value) {
        let number = self.number(name);
        let mut found = NodeFacts::of(node);
        if found.place.node_pool.is_none() {
            let labels = &node["metadata"]["labels"];
            let mut values = self.keys.iter().filter_map(|key| labels[key].as_str());
            found.place.node_pool = values.next().map(str::to_owned);
        }
        if let Some(facts) = self.facts.get_mut(number as usize) {
            *facts = Some(found);
        }
    }

    /// Returns the facts about a node; `None` if the node itself was not in the input.
    pub(in crate::cli::audit) fn facts(&self, number: u32) -> Option<&NodeFacts> {
        self.facts.get(number as usize)?.as_ref()
    }

    /// Returns the number of nodes that were in the input.
    pub(in crate::cli::audit) fn len(&self) -> usize {
        self.facts.iter().flatten().count()
    }
}

impl NodeFacts {
    fn of(node: &Value) -> Self {
        let labels = &node["metadata"]["labels"];
        let label = |key: &str| labels[key].as_str().filter(|value| !value.is_empty());
        let capacity_type = label(CAPACITY_TYPE).or_else(|| match label(NODE_GROUP_CAPACITY) {
            Some("SPOT") => Some("spot"),
            Some("ON_DEMAND") => Some("on-demand"),
            _ if label(CAST_AI_SPOT) == Some("true") => Some("spot"),
            _ => label(NODE_TEMPLATE).map(|_| "on-demand"),
        });
        let architecture = label(ARCH).or(node["status"]["nodeInfo"]["architecture"].as_str());
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let capacity = &node["status"]["capacity"];
        Self {
            place: Place {
                node_pool: owned(label(NODE_POOL).or(label(NODE_TEMPLATE))),
                capacity_type: owned(capacity_type),
                architecture: owned(architecture),
                zone: owned(label(ZONE)),
            },
            instance_type: owned(label(INSTANCE_TYPE)),
            capacity: Resources {
                cpu_millis: amount(&capacity["cpu"]),
                memory_bytes: amount(&capacity["memory"]) / 1000,
            },
        }
    }
}

/// Returns a quantity in thousandths; 0 if it is none.
fn amount(quantity: &Value) -> u64 {
    let found = match quantity {
        Value::String(text) => thousandths(text),
        Value::Number(number) => thousandths(&number.to_string()),
        _ => None,
    };
    found.map_or(0, |found| u64::try_from(found).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{NodeFacts, Nodes};

    #[test]
    fn labels_of_every_platform_say_the_place() {
        for (labels, pool, capacity) in [
            (
                json!({"karpenter.sh/nodepool": "a", "karpenter.sh/capacity-type": "spot"}),
                Some("a"),
                Some("spot"),
            ),
            (
                json!({"eks.amazonaws.com/nodegroup": "g", "eks.amazonaws.com/capacityType": "ON_DEMAND"}),
                None,
                Some("on-demand"),
            ),
            (
                json!({"scheduling.cast.ai/node-template": "t", "scheduling.cast.ai/spot": "true"}),
                Some("t"),
                Some("spot"),
            ),
            (
                json!({"scheduling.cast.ai/node-template": "t"}),
                Some("t"),
                Some("on-demand"),
            ),
            (json!({}), None, None),
        ] {
            let place = NodeFacts::of(&json!({"metadata": {"labels": labels}})).place;
            assert_eq!(
                (place.node_pool.as_deref(), place.capacity_type.as_deref()),
                (pool, capacity),
                "{labels}"
            );
        }
    }

    #[test]
    fn a_node_may_come_after_its_pods() {
        let mut nodes = Nodes::default();
        let number = nodes.number("a");
        assert_eq!(nodes.facts(number), None);
        nodes.add(
            "a",
            &json!({"status": {"capacity": {"cpu": "4", "memory": "8Gi"}}}),
        );
        let facts = nodes.facts(number).unwrap();
        assert_eq!(
            (facts.capacity.cpu_millis, facts.capacity.memory_bytes),
            (4000, 8 << 30)
        );
        assert_eq!((nodes.len(), nodes.number("a")), (1, number));
    }
}
