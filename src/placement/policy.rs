//! The policy that decides: made from its file once, and not wrong afterwards.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;

use super::catalogue::{Catalogue, NodePool, valid_name};
use super::named::named;
use super::pod::Pod;
use super::policy_file::{
    MatchFile, PlaceFile, PolicyFile, PolicySpec, PoolFile, RuleFile, ValidationFile,
};
use super::selector::{Selector, SelectorFile, is_subdomain, valid_key, valid_value};

/// The `apiVersion` of a policy.
pub const API_VERSION: &str = "placement.truemark.io/v1alpha1";
/// The `kind` of a policy.
pub const KIND: &str = "PlacementPolicy";

named! {
    /// Whether a decision is carried out.
    #[derive(Default, Deserialize)]
    pub enum Mode {
        /// Carried out.
        #[default]
        Enforce = "Enforce",
        /// Decided, counted and logged, and nothing changed.
        Audit = "Audit",
    }
}

named! {
    /// How a pool binds its pods.
    #[derive(Default, Deserialize)]
    pub enum Binding {
        /// Pods run on the pool's node pools and nowhere else.
        #[default]
        Required = "Required",
        /// Pods run on the pool's node pools where they can.
        Preferred = "Preferred",
    }
}

named! {
    /// What a validation does about what it finds.
    #[derive(Deserialize)]
    pub enum Action {
        /// Refuses the object.
        Deny = "Deny",
        /// Admits it with a warning.
        Warn = "Warn",
        /// Does not look.
        Off = "Off",
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

/// The labels of a namespace.
pub type NamespaceLabels = BTreeMap<String, String>;

impl Policy {
    /// The rule for a pod: the first that matches.
    ///
    /// Where the namespace's labels are not known, a rule that asks for them does not match.
    #[must_use]
    pub fn rule(&self, pod: &Pod<'_, '_>, namespace: Option<&NamespaceLabels>) -> Option<&Rule> {
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

    /// Refuses a policy that the catalogue makes dangerous: a pool that binds `Preferred` must not have a tainted node
    /// pool, since a toleration without a binding would widen where its pods may run.
    ///
    /// # Errors
    /// The field that is wrong, and why.
    pub fn check(&self, catalogue: &Catalogue) -> Result<(), PolicyError> {
        for (index, pool) in self
            .pools
            .iter()
            .enumerate()
            .filter(|(_, pool)| pool.binding == Binding::Preferred)
        {
            for node_pool in pool
                .node_pools
                .iter()
                .filter_map(|name| catalogue.get(name))
            {
                if let Some(taint) = node_pool.taints().first() {
                    let message = format!(
                        "Preferred needs node pools without taints, and {} has {taint}",
                        node_pool.name()
                    );
                    return Err(PolicyError::new(
                        format!("spec.pools[{index}].binding"),
                        message,
                    ));
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
    fn holds(&self, pod: &Pod<'_, '_>, namespace: Option<&NamespaceLabels>) -> bool {
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
                namespace.is_some_and(|labels| {
                    selector.matches(|key| labels.get(key).map(String::as_str))
                })
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

impl Policy {
    /// Makes a policy, and the static catalogue that its file holds.
    ///
    /// # Errors
    /// The first field that is wrong, and why.
    pub fn from_file(file: PolicyFile) -> Result<(Self, Catalogue), PolicyError> {
        let PolicyFile {
            api_version,
            kind,
            metadata: _,
            spec,
        } = file;
        if api_version != API_VERSION {
            return Err(PolicyError::new(
                "apiVersion",
                format!("{api_version:?} is not {API_VERSION}"),
            ));
        }
        if kind != KIND {
            return Err(PolicyError::new("kind", format!("{kind:?} is not {KIND}")));
        }
        let PolicySpec {
            mode,
            architectures,
            pools,
            rules,
            catalogue,
            validation,
        } = spec;
        let default_path = "spec.architectures.default";
        unique(
            "spec.architectures.known",
            architectures.known.iter().map(String::as_str),
        )?;
        for (index, name) in architectures.known.iter().enumerate() {
            let path = format!("spec.architectures.known[{index}]");
            if name == "any" {
                return Err(PolicyError::new(
                    path,
                    "\"any\" stands for all of them and is no architecture",
                ));
            }
            if name.is_empty() {
                return Err(PolicyError::new(path, "an architecture needs a name"));
            }
            valid_value(name).map_err(|message| PolicyError::new(path, message))?;
        }
        let known: Vec<Arc<str>> = architectures.known.into_iter().map(Arc::from).collect();
        let Some(default_architecture) = choose(&known, &architectures.default) else {
            return Err(PolicyError::new(
                default_path,
                format!("{:?} is not a known architecture", architectures.default),
            ));
        };
        if known.is_empty() {
            return Err(PolicyError::new(
                "spec.architectures.known",
                "there must be at least one",
            ));
        }
        unique("spec.pools", pools.iter().map(|pool| pool.name.as_str()))?;
        let pools = indexed(pools, "spec.pools", pool)?;
        unique("spec.rules", rules.iter().map(|rule| rule.name.as_str()))?;
        let rules = indexed(rules, "spec.rules", |file, path| {
            rule(file, path, &pools, &known)
        })?;
        let mut node_pools = Catalogue::default();
        for (index, file) in catalogue.into_iter().enumerate() {
            NodePool::try_from(file)
                .and_then(|node_pool| node_pools.insert(node_pool))
                .map_err(|error| {
                    PolicyError::new(
                        format!("spec.catalogue[{index}].{}", error.path),
                        error.message,
                    )
                })?;
        }
        Ok((
            Self {
                mode,
                architectures: known,
                default_architecture,
                pools,
                rules,
                validation,
            },
            node_pools,
        ))
    }
}

fn indexed<F, T>(
    files: Vec<F>,
    path: &str,
    make: impl Fn(F, &str) -> Result<T, PolicyError>,
) -> Result<Vec<T>, PolicyError> {
    files
        .into_iter()
        .enumerate()
        .map(|(index, file)| make(file, &format!("{path}[{index}]")))
        .collect()
}

fn unique<'n>(path: &str, names: impl Iterator<Item = &'n str>) -> Result<(), PolicyError> {
    let mut seen = std::collections::BTreeSet::new();
    for (index, name) in names.enumerate() {
        if !seen.insert(name) {
            return Err(PolicyError::new(
                format!("{path}[{index}]"),
                format!("{name:?} stands twice"),
            ));
        }
    }
    Ok(())
}

fn selector(file: Option<SelectorFile>, path: &str) -> Result<Option<Selector>, PolicyError> {
    file.map(|file| Selector::try_from(file).map_err(PolicyError::below(path)))
        .transpose()
}

fn pool(file: PoolFile, path: &str) -> Result<Pool, PolicyError> {
    let PoolFile {
        name,
        node_pools,
        binding,
        annotations,
        namespaces,
    } = file;
    if name.is_empty() {
        return Err(PolicyError::new(
            format!("{path}.name"),
            "a pool needs a name",
        ));
    }
    valid_value(&name).map_err(|message| PolicyError::new(format!("{path}.name"), message))?;
    if node_pools.is_empty() {
        return Err(PolicyError::new(
            format!("{path}.nodePools"),
            "a pool needs at least one node pool",
        ));
    }
    unique(
        &format!("{path}.nodePools"),
        node_pools.iter().map(String::as_str),
    )?;
    for (index, node_pool) in node_pools.iter().enumerate() {
        valid_name(node_pool)
            .map_err(|message| PolicyError::new(format!("{path}.nodePools[{index}]"), message))?;
    }
    for key in annotations.keys() {
        valid_key(key)
            .map_err(|message| PolicyError::new(format!("{path}.annotations"), message))?;
    }
    let namespaces = selector(namespaces, &format!("{path}.namespaces"))?;
    Ok(Pool {
        name: name.into(),
        node_pools: node_pools.into_iter().map(Arc::from).collect(),
        binding,
        annotations,
        namespaces,
    })
}

fn rule(
    file: RuleFile,
    path: &str,
    pools: &[Pool],
    known: &[Arc<str>],
) -> Result<Rule, PolicyError> {
    let RuleFile {
        name,
        mode,
        matches,
        place,
    } = file;
    if name.is_empty() {
        return Err(PolicyError::new(
            format!("{path}.name"),
            "a rule needs a name",
        ));
    }
    valid_value(&name).map_err(|message| PolicyError::new(format!("{path}.name"), message))?;
    let MatchFile {
        labels,
        controllers,
        namespace_labels,
        service_accounts,
        priority_classes,
    } = matches;
    let matches = Match {
        labels: selector(labels, &format!("{path}.match.labels"))?,
        controllers: controllers
            .map(|controllers| {
                indexed(
                    controllers,
                    &format!("{path}.match.controllers"),
                    |name, path| controller(&name, path),
                )
            })
            .transpose()?,
        namespace_labels: selector(namespace_labels, &format!("{path}.match.namespaceLabels"))?,
        service_accounts,
        priority_classes,
    };
    let path = format!("{path}.place");
    let PlaceFile {
        pool,
        pool_from_label,
        leave_alone,
        architecture,
    } = place;
    let place = match (pool, pool_from_label, leave_alone) {
        (Some(name), None, false) => match pools.iter().position(|pool| *pool.name == *name) {
            Some(position) => Place::Pool(position),
            None => {
                return Err(PolicyError::new(
                    format!("{path}.pool"),
                    format!("{name:?} is not one of the policy's pools"),
                ));
            }
        },
        (None, Some(key), false) => {
            valid_key(&key)
                .map_err(|message| PolicyError::new(format!("{path}.poolFromLabel"), message))?;
            Place::PoolFromLabel(key)
        }
        (None, None, true) => Place::LeaveAlone,
        _ => {
            return Err(PolicyError::new(
                path,
                "needs exactly one of pool, poolFromLabel and leaveAlone: true",
            ));
        }
    };
    let architecture = architecture
        .map(|name| {
            choose(known, &name).ok_or_else(|| {
                PolicyError::new(
                    format!("{path}.architecture"),
                    format!("{name:?} is neither a known architecture nor \"any\""),
                )
            })
        })
        .transpose()?;
    Ok(Rule {
        name: name.into(),
        mode,
        matches,
        place,
        architecture,
    })
}

/// A controller as `group/Kind`. One that never controls a pod itself is refused with the one that does (R1.2, R1.3).
fn controller(name: &str, path: &str) -> Result<(String, String), PolicyError> {
    let makes_pods = match name {
        "apps/Deployment" => Some("apps/ReplicaSet"),
        "batch/CronJob" => Some("batch/Job"),
        _ => None,
    };
    if let Some(makes_pods) = makes_pods {
        return Err(PolicyError::new(
            path,
            format!("{name} never controls a pod itself; use {makes_pods}"),
        ));
    }
    // The core group has no name: `ReplicationController`, or `Node` for a mirror pod.
    let (group, kind) = name.rsplit_once('/').unwrap_or(("", name));
    let valid_kind = kind.starts_with(|first: char| first.is_ascii_uppercase())
        && kind.chars().all(|char| char.is_ascii_alphanumeric());
    if !valid_kind || !(group.is_empty() || is_subdomain(group)) {
        return Err(PolicyError::new(
            path,
            format!("{name:?} is not a group and a kind, such as batch/Job"),
        ));
    }
    Ok((group.to_owned(), kind.to_owned()))
}
