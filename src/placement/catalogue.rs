//! The catalogue: what every node pool of the cluster offers, as sets.

mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::requirement::{self, NODE_POOL, Requirement, ValueSet, canonical};
use super::selector::{
    KEY_PATTERN, LONGEST_KEY, LONGEST_NAME, VALUE_PATTERN, is_subdomain, valid_key, valid_value,
};
use written::RequirementFile;
pub use written::StaticNodePool;

/// The effects that a taint can have.
const EFFECTS: [&str; 3] = ["NoSchedule", "NoExecute", "PreferNoSchedule"];

/// What a node pool may be called: a DNS subdomain.
pub(super) const NAME_PATTERN: &str =
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/// A taint of a node pool's nodes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Taint {
    /// The taint's key.
    #[schemars(length(max = LONGEST_KEY), regex(pattern = KEY_PATTERN))]
    pub key: String,
    /// The taint's value; a taint may have none.
    #[serde(default)]
    #[schemars(length(max = LONGEST_NAME), regex(pattern = VALUE_PATTERN))]
    pub value: String,
    /// What becomes of pods that do not tolerate it.
    #[schemars(extend("enum" = EFFECTS))]
    pub effect: String,
}

impl Taint {
    /// Whether the taint keeps pods away, rather than being a matter of preference.
    #[must_use]
    pub fn is_hard(&self) -> bool {
        matches!(self.effect.as_str(), "NoSchedule" | "NoExecute")
    }
}

impl fmt::Display for Taint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, value, effect } = self;
        if value.is_empty() {
            write!(f, "{key}:{effect}")
        } else {
            write!(f, "{key}={value}:{effect}")
        }
    }
}

/// Whether the text is the name of a node pool: a DNS subdomain that is short enough for a label.
///
/// # Errors
/// What is wrong with it.
pub(super) fn valid_name(name: &str) -> Result<(), String> {
    if is_subdomain(name) && name.len() <= LONGEST_NAME {
        Ok(())
    } else {
        Err(format!("{name:?} is not the name of a node pool"))
    }
}

/// Labels that have another meaning for berth, besides those of Kubernetes' own domain.
const NOT_NODE_LABELS: [&str; 2] = ["type", "eks.amazonaws.com/compute-type"];

/// What [`valid_node_label`] checks besides the pattern of a key, as an expression of the API server.
fn node_label_validations() -> serde_json::Value {
    serde_json::json!([{
        "rule": format!(
            "!self.matches('^([^/]*[.])?kubernetes[.]io/') && !(self in {NOT_NODE_LABELS:?})"
        ),
        "message": "a label of Kubernetes' own, or of a kind of compute, names no node pools",
    }])
}

/// Whether a label can carry the name of a node's node pool: one that says what a node is, and that berth and
/// Karpenter read as such, cannot.
fn valid_node_label(key: &str) -> Result<(), String> {
    valid_key(key)?;
    let domain = key.split_once('/').map_or("", |(domain, _)| domain);
    let of_kubernetes = domain
        .strip_suffix("kubernetes.io")
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if of_kubernetes || NOT_NODE_LABELS.contains(&key) {
        return Err(format!("{key:?} is a label that names no node pools"));
    }
    Ok(())
}

/// One node pool: the labels its nodes can have, and their taints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodePool {
    name: Arc<str>,
    node_label: String,
    requirements: BTreeMap<String, ValueSet>,
    taints: Vec<Taint>,
    external: bool,
}

impl NodePool {
    /// The node pool's name, which its nodes carry as [its label](Self::node_label).
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The key of the label by which its nodes carry its name, and by which pods select it.
    #[must_use]
    pub fn node_label(&self) -> &str {
        &self.node_label
    }

    /// Whether it is Karpenter that makes its nodes, or makes them look as if it did.
    #[must_use]
    pub fn is_karpenters(&self) -> bool {
        self.node_label == NODE_POOL
    }

    /// The taints of its nodes; never its startup taints, which are gone before a pod is bound.
    #[must_use]
    pub fn taints(&self) -> &[Taint] {
        &self.taints
    }

    /// The taints that keep pods away.
    pub fn hard_taints(&self) -> impl Iterator<Item = &Taint> + Clone {
        self.taints.iter().filter(|taint| taint.is_hard())
    }

    /// Whether it is known to no NodePool object, and so survives when live ones replace the static catalogue.
    #[must_use]
    pub fn external(&self) -> bool {
        self.external
    }

    /// What the node pool says of a label, if anything. The key is canonical.
    #[must_use]
    pub fn offered(&self, key: &str) -> Option<&ValueSet> {
        self.requirements.get(key)
    }

    /// Whether it can make a node that meets a pod's requirements on a label. The key is canonical.
    pub fn can_meet<'a>(
        &self,
        key: &str,
        asked: impl Iterator<Item = Requirement<'a>> + Clone,
    ) -> bool {
        requirement::can_meet(self.offered(key), &self.node_label, key, asked)
    }

    /// Whether it can make nodes of this architecture.
    #[must_use]
    pub fn offers(&self, architecture: &str) -> bool {
        self.offered(requirement::ARCH)
            .is_none_or(|offered| offered.contains(architecture))
    }

    /// Makes a node pool of its parts: labels and requirements are one set per key, its own name among them.
    ///
    /// # Errors
    /// When a requirement has an operator or a value that Karpenter would refuse; the path is relative.
    fn new(
        name: &str,
        node_label: String,
        external: bool,
        labels: &BTreeMap<String, String>,
        requirements: &[RequirementFile],
        taints: Vec<Taint>,
    ) -> Result<Self, (String, String)> {
        valid_name(name).map_err(|message| ("name".to_owned(), message))?;
        valid_node_label(&node_label).map_err(|message| ("nodeLabel".to_owned(), message))?;
        for (index, Taint { key, value, effect }) in taints.iter().enumerate() {
            let wrong = |message| (format!("taints[{index}]"), message);
            valid_key(key)
                .and_then(|()| valid_value(value))
                .map_err(wrong)?;
            // Their tolerations go into pods: one with another effect would have the API server refuse every pod.
            if !EFFECTS.contains(&effect.as_str()) {
                return Err(wrong(format!(
                    "{effect:?} is not one of {}",
                    EFFECTS.join(", ")
                )));
            }
        }
        let mut sets = BTreeMap::from([(node_label.clone(), ValueSet::of(name))]);
        let mut narrow = |key: &str, set: ValueSet| {
            let known = sets
                .entry(canonical(key).to_owned())
                .or_insert_with(ValueSet::any);
            *known = known.intersection(&set);
        };
        for (key, value) in labels {
            narrow(key, ValueSet::of(value));
        }
        for (
            index,
            RequirementFile {
                key,
                operator,
                values,
            },
        ) in requirements.iter().enumerate()
        {
            let set = ValueSet::new(*operator, values).map_err(|message| {
                (
                    format!("requirements[{index}]"),
                    format!("{key}: {message}"),
                )
            })?;
            narrow(key, set);
        }
        Ok(Self {
            name: name.into(),
            node_label,
            requirements: sets,
            taints,
            external,
        })
    }
}

/// Every node pool of the cluster, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    node_pools: BTreeMap<Arc<str>, Arc<NodePool>>,
}

impl Catalogue {
    /// The node pool of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&NodePool> {
        self.node_pools.get(name).map(Arc::as_ref)
    }

    /// All node pools, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = &NodePool> + Clone {
        self.node_pools.values().map(Arc::as_ref)
    }

    /// The labels by which nodes carry the names of these node pools, each once.
    #[must_use]
    pub fn node_labels(&self) -> BTreeSet<&str> {
        self.iter().map(NodePool::node_label).collect()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.node_pools.is_empty()
    }

    /// The node pools of both; of two that have the same name, that of `other`.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        let all = self.node_pools.iter().chain(&other.node_pools);
        Self {
            node_pools: all
                .map(|(name, node_pool)| (Arc::clone(name), Arc::clone(node_pool)))
                .collect(),
        }
    }

    /// The node pools that no NodePool object describes.
    #[must_use]
    pub fn externals(&self) -> Self {
        let externals = self
            .node_pools
            .values()
            .filter(|node_pool| node_pool.external);
        externals.map(Arc::clone).collect()
    }

    /// Adds a node pool.
    ///
    /// # Errors
    /// When one of that name is there already.
    pub fn insert(&mut self, node_pool: NodePool) -> Result<(), CatalogueError> {
        let name = Arc::clone(&node_pool.name);
        if self
            .node_pools
            .insert(Arc::clone(&name), Arc::new(node_pool))
            .is_some()
        {
            return Err(CatalogueError {
                node_pool: name.to_string(),
                path: "name".to_owned(),
                message: "there is a node pool of this name already".to_owned(),
            });
        }
        Ok(())
    }
}

impl FromIterator<Arc<NodePool>> for Catalogue {
    /// Of several that have the same name, the last.
    fn from_iter<I: IntoIterator<Item = Arc<NodePool>>>(node_pools: I) -> Self {
        let by_name = node_pools
            .into_iter()
            .map(|node_pool| (Arc::clone(&node_pool.name), node_pool));
        Self {
            node_pools: by_name.collect(),
        }
    }
}

/// A node pool that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueError {
    /// The node pool's name, as far as it is known.
    pub node_pool: String,
    /// The field that is wrong.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            node_pool,
            path,
            message,
        } = self;
        write!(f, "node pool {node_pool:?}: ")?;
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        f.write_str(message)
    }
}

impl std::error::Error for CatalogueError {}
