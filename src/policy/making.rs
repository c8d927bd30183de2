//! Making a policy of its file: every way in which one can be refused, each with the path of the field.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::effective::{Policy, choose};
use super::error::PolicyError;
use super::file::{MatchFile, PlaceFile, PolicyFile, PolicySpec, PoolFile, RuleFile};
use super::pool::Pool;
use super::rule::{Match, Place, Rule};
use super::selector::{Selector, SelectorFile};
use crate::names::{API_VERSION, KIND};
use crate::node::label::{is_subdomain, valid_key, valid_value};
use crate::node::{Catalogue, NodePool, valid_name};

impl Policy {
    /// Makes a policy, and the static catalogue that its file holds. Its bounds have been checked.
    ///
    /// # Errors
    /// The first field that is wrong, and why.
    pub(super) fn from_file(file: PolicyFile) -> Result<(Self, Catalogue), PolicyError> {
        let PolicyFile {
            api_version,
            kind,
            metadata: _,
            spec,
            status: _,
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
        Self::from_spec(spec)
    }

    /// Makes a policy of what it says, and the static catalogue that stands in it. Paths begin with `spec`.
    ///
    /// # Errors
    /// The first field that is wrong, and why.
    pub(super) fn from_spec(spec: PolicySpec) -> Result<(Self, Catalogue), PolicyError> {
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
    let mut seen = BTreeSet::new();
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
    // The core group has no name, and then no slash: `ReplicationController`, or `Node` for a mirror pod.
    let (group, kind) = match name.rsplit_once('/') {
        Some((group, kind)) => (Some(group), kind),
        None => (None, name),
    };
    let valid_kind = kind.starts_with(|first: char| first.is_ascii_uppercase())
        && kind.chars().all(|char| char.is_ascii_alphanumeric());
    if !valid_kind || group.is_some_and(|group| !is_subdomain(group)) {
        return Err(PolicyError::new(
            path,
            format!("{name:?} is not a group and a kind, such as batch/Job"),
        ));
    }
    Ok((group.unwrap_or_default().to_owned(), kind.to_owned()))
}
