//! The policy that decides: made from its file once, and not wrong afterwards.

mod making;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::catalogue::{Catalogue, CatalogueError, NodePool};
use super::named::named;
use super::namespace::NamespaceLabels;
use super::pod::Pod;
use super::policy_file::ValidationFile;
pub use super::policy_file::{Action, Binding, Mode};
use super::selector::Selector;

/// The `apiVersion` of a policy.
pub const API_VERSION: &str = "placement.truemark.io/v1alpha1";
/// The `kind` of a policy.
pub const KIND: &str = "PlacementPolicy";

named! {
    /// Where a policy comes from, the first that there is.
    pub enum Source {
        /// The file of `--policy`.
        Flag = "flag",
        /// The `PlacementPolicy` of the cluster.
        Cluster = "cluster",
        /// What is compiled in.
        Embedded = "embedded",
    }
}

/// A policy.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Whether the policy as a whole changes anything.
    pub mode: Mode,
    architectures: Vec<Arc<str>>,
    default_architecture: Architecture,
    pools: Vec<Pool>,
    rules: Vec<Rule>,
    /// What each validation does.
    pub validation: ValidationFile,
}

/// A pool: what a workload asks for.
#[derive(Debug, Clone)]
pub struct Pool {
    /// The name that workloads ask for.
    pub name: Arc<str>,
    /// The names of the node pools behind it, in the policy's order.
    pub node_pools: Vec<Arc<str>>,
    /// How its pods are bound.
    pub binding: Binding,
    /// Annotations for every pod that is placed here.
    pub annotations: BTreeMap<String, String>,
    /// The namespaces that may use it; every one, where absent.
    pub namespaces: Option<Selector>,
}

impl Pool {
    /// Whether pods of a namespace with these labels may use the pool. One whose labels are not known may.
    #[must_use]
    pub fn is_open_to(&self, namespace: Option<&NamespaceLabels>) -> bool {
        let (Some(selector), Some(labels)) = (&self.namespaces, namespace) else {
            return true;
        };
        selector.matches(|key| labels.get(key))
    }
}

/// A rule: which pods go where.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The rule's name.
    pub name: Arc<str>,
    /// Whether it changes anything.
    pub mode: Mode,
    matches: Match,
    /// Where its pods go.
    pub place: Place,
    /// The architecture where neither the pod nor its namespace says.
    pub architecture: Option<Architecture>,
}

/// Where a rule's pods go.
#[derive(Debug, Clone)]
pub enum Place {
    /// Into this pool, by its position.
    Pool(usize),
    /// Into the pool that this label of the pod names.
    PoolFromLabel(String),
    /// Nowhere.
    LeaveAlone,
}

impl Place {
    /// The key of the label by which a pod asks for its pool, where it does.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        match self {
            Self::PoolFromLabel(key) => Some(key),
            Self::Pool(_) | Self::LeaveAlone => None,
        }
    }
}

/// A choice of architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// One of the known ones, by its position.
    One(usize),
    /// Whichever there is capacity for.
    Any,
}

#[derive(Debug, Clone, Default)]
struct Match {
    labels: Option<Selector>,
    controllers: Option<Vec<(String, String)>>,
    namespace_labels: Option<Selector>,
    service_accounts: Option<Vec<String>>,
    priority_classes: Option<Vec<String>>,
}

impl Policy {
    /// The rule for a pod: the first that matches.
    ///
    /// Where the namespace's labels are not known, a rule that asks for them does not match.
    #[must_use]
    pub fn rule(&self, pod: &Pod<'_>, namespace: Option<&NamespaceLabels>) -> Option<&Rule> {
        self.rules
            .iter()
            .find(|rule| rule.matches.holds(pod, namespace))
    }

    /// The rules in order.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The pool of that name.
    #[must_use]
    pub fn pool(&self, name: &str) -> Option<&Pool> {
        self.pools.iter().find(|pool| &*pool.name == name)
    }

    /// The pool at that position.
    pub(super) fn pool_at(&self, position: usize) -> &Pool {
        &self.pools[position]
    }

    /// All pools.
    #[must_use]
    pub fn pools(&self) -> &[Pool] {
        &self.pools
    }

    /// The known architectures, in order of preference.
    #[must_use]
    pub fn architectures(&self) -> &[Arc<str>] {
        &self.architectures
    }

    /// The architecture of a pod that nobody chose one for.
    #[must_use]
    pub fn default_architecture(&self) -> Architecture {
        self.default_architecture
    }

    /// The choice that a text names: a known architecture, or `any`.
    #[must_use]
    pub fn architecture(&self, name: &str) -> Option<Architecture> {
        choose(&self.architectures, name)
    }

    /// The architectures that a choice leaves.
    #[must_use]
    pub fn chosen(&self, choice: Architecture) -> &[Arc<str>] {
        match choice {
            Architecture::One(position) => &self.architectures[position..=position],
            Architecture::Any => &self.architectures,
        }
    }

    /// Refuses a policy that the catalogue makes dangerous. A pool that binds `Preferred` must not have a tainted node
    /// pool, since a toleration without a binding would widen where its pods may run; and one requirement has to do for
    /// all node pools of a pool, so their nodes carry their names as the same label.
    ///
    /// # Errors
    /// The field that is wrong, and why.
    pub fn check(&self, catalogue: &Catalogue) -> Result<(), PolicyError> {
        for (index, pool) in self.pools.iter().enumerate() {
            let wrong = |field: &str, message| {
                Err(PolicyError::new(
                    format!("spec.pools[{index}].{field}"),
                    message,
                ))
            };
            let names = pool.node_pools.iter();
            let mut first: Option<&NodePool> = None;
            for node_pool in names.filter_map(|name| catalogue.get(name)) {
                let name = node_pool.name();
                if let (Binding::Preferred, Some(taint)) =
                    (pool.binding, node_pool.taints().first())
                {
                    let message = format!(
                        "Preferred needs node pools without taints, and {name} has {taint}"
                    );
                    return wrong("binding", message);
                }
                let first = *first.get_or_insert(node_pool);
                if node_pool.node_label() != first.node_label() {
                    let message = format!(
                        "one pool needs node pools of one node label: {} has {}, and {name} has {}",
                        first.name(),
                        first.node_label(),
                        node_pool.node_label()
                    );
                    return wrong("nodePools", message);
                }
            }
        }
        Ok(())
    }
}

fn choose(known: &[Arc<str>], name: &str) -> Option<Architecture> {
    if name == "any" {
        return Some(Architecture::Any);
    }
    known
        .iter()
        .position(|architecture| &**architecture == name)
        .map(Architecture::One)
}

impl Match {
    fn holds(&self, pod: &Pod<'_>, namespace: Option<&NamespaceLabels>) -> bool {
        let Self {
            labels,
            controllers,
            namespace_labels,
            service_accounts,
            priority_classes,
        } = self;
        let listed = |list: &Option<Vec<String>>, value: &str| {
            list.as_ref()
                .is_none_or(|list| list.iter().any(|item| item == value))
        };
        labels
            .as_ref()
            .is_none_or(|selector| selector.matches(|key| pod.metadata.label(key)))
            && controllers.as_ref().is_none_or(|controllers| {
                pod.controller.is_some_and(|owner| {
                    controllers
                        .iter()
                        .any(|(group, kind)| owner.group == group && owner.kind == kind)
                })
            })
            && namespace_labels.as_ref().is_none_or(|selector| {
                namespace.is_some_and(|labels| selector.matches(|key| labels.get(key)))
            })
            && listed(service_accounts, &pod.spec.service_account_name)
            && listed(priority_classes, &pod.spec.priority_class_name)
    }
}

/// A policy that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// The field that is wrong.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

impl PolicyError {
    fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }

    fn below(parent: &str) -> impl Fn((String, String)) -> Self + '_ {
        move |(path, message)| Self::new(format!("{parent}.{path}"), message)
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for PolicyError {}

impl From<CatalogueError> for PolicyError {
    fn from(error: CatalogueError) -> Self {
        Self::new(String::new(), error.to_string())
    }
}
