//! The inventory of a cluster: of every object as much as the report needs, and no more. Objects come in any order.

mod kept;
mod makers;
mod nodes;
mod pods;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::key::Key;
use crate::cli::explain::makes_pods;
use crate::cli::files::ObjectAt;
use crate::definition;
use crate::names::NAME_LABEL;
use crate::pod::NamespaceLabels;
pub(super) use makers::MakerFacts;
pub(super) use nodes::Nodes;
pub(super) use pods::{PodGroup, Spot, requests};

/// The objects of a cluster.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    /// The labels of the namespaces.
    pub(super) namespaces: BTreeMap<Box<str>, NamespaceLabels>,
    pub(super) nodes: Nodes,
    /// The objects that make pods.
    pub(super) makers: BTreeMap<Key, MakerFacts>,
    /// The pods, by their controller; a pod without one by itself.
    pub(super) pods: BTreeMap<Key, PodGroup>,
    /// The NodePool objects.
    pub(super) node_pools: Vec<Value>,
    /// The PlacementPolicy that berth reads.
    pub(super) policy: Option<Value>,
    /// The number of pods and Jobs that have ended, or are being deleted.
    pub(super) ended: u64,
    /// The number of objects.
    pub(super) objects: u64,
}

impl Inventory {
    /// Returns an empty inventory. `keys` are those of the labels by which nodes may carry the names of their node pools,
    /// besides the usual ones.
    pub(super) fn by_labels(keys: BTreeSet<String>) -> Self {
        Self {
            nodes: Nodes::by_labels(keys),
            ..Self::default()
        }
    }

    /// Takes stock of an object.
    pub(super) fn add(&mut self, object: &ObjectAt<'_>) {
        self.objects += 1;
        let (identity, value) = (&object.identity, object.value);
        match (identity.group(), identity.kind) {
            ("", "Namespace") => self.add_namespace(identity.name, value),
            ("", "Node") => self.nodes.add(identity.name, value),
            ("", "Pod") => self.add_pod(object),
            ("karpenter.sh", "NodePool") => self.node_pools.push(value.clone()),
            (definition::GROUP, "PlacementPolicy") if identity.name == definition::NAME => {
                self.policy = Some(value.clone());
            }
            _ if makes_pods(object) => self.add_maker(object),
            _ => {}
        }
    }

    fn add_namespace(&mut self, name: &str, value: &Value) {
        let written = value.pointer("/metadata/labels").and_then(Value::as_object);
        let written = written.into_iter().flatten();
        let written =
            written.map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default()));
        let labels = written.chain([(NAME_LABEL, name)]).collect();
        self.namespaces.insert(name.into(), labels);
    }

    fn add_pod(&mut self, object: &ObjectAt<'_>) {
        if pods::has_ended(object.value) {
            self.ended += 1;
            return;
        }
        let owner = pods::owner(object);
        let value = object.value;
        let node = value.pointer("/spec/nodeName").and_then(Value::as_str);
        let node = node.map(|name| self.nodes.number(name));
        self.pods.entry(owner).or_default().add(object, node);
    }

    fn add_maker(&mut self, object: &ObjectAt<'_>) {
        let identity = &object.identity;
        let namespace = identity.effective_namespace();
        let key = Key::new(namespace, identity.group(), identity.kind, identity.name);
        let facts = MakerFacts::of(&key, object);
        self.makers.insert(key, facts);
    }
}
