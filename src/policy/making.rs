//! Makes a policy from its file. Every fault for which berth refuses a policy is found here or in `bounds.rs`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::effective::{Policy, choose};
use super::file::{
    ArchitecturesFile, MatchFile, PlaceFile, PolicyFile, PolicySpec, PoolFile, RuleFile,
};
use super::pool::Pool;
use super::rule::{Architecture, Match, Place, Rule};
use super::selector::{Selector, SelectorFile};
use crate::encoding::field::FieldError;
use crate::label::{is_subdomain, valid_key, valid_value};
use crate::names::{API_VERSION, KIND};
use crate::node::{Catalogue, NodePool, StaticNodePool, valid_node_pool_name};

impl Policy {
    /// Makes a policy, and its static catalogue, from its file. The caller has checked the bounds.
    ///
    /// # Errors
    /// If a field is wrong. The error is that of the first such field.
    pub(super) fn from_file(file: PolicyFile) -> Result<(Self, Catalogue), FieldError> {
        let PolicyFile {
            api_version,
            kind,
            metadata: _,
            spec,
            status: _,
        } = file;
        if api_version != API_VERSION {
            let error = FieldError::new(format!("{api_version:?} is not {API_VERSION}"));
            return Err(error.in_field("apiVersion"));
        }
        if kind != KIND {
            let error = FieldError::new(format!("{kind:?} is not {KIND}"));
            return Err(error.in_field("kind"));
        }
        Self::from_spec(spec)
    }

    /// Makes a policy, and its static catalogue, from its spec. The caller has checked the bounds.
    ///
    /// # Errors
    /// If a field is wrong. The error is that of the first such field, and its path begins with `spec`.
    pub(super) fn from_spec(spec: PolicySpec) -> Result<(Self, Catalogue), FieldError> {
        made(spec).map_err(|error| error.in_field("spec"))
    }
}

fn made(spec: PolicySpec) -> Result<(Policy, Catalogue), FieldError> {
    let PolicySpec {
        mode,
        architectures,
        pools,
        rules,
        catalogue,
        validation,
    } = spec;
    let (architectures, default_architecture) =
        known_architectures(architectures).map_err(|error| error.in_field("architectures"))?;
    let names = pools.iter().map(|pool| pool.name.as_str());
    let pools = unique(names).and_then(|()| each(pools, |file| pool(file).map(Arc::new)));
    let pools = pools.map_err(|error| error.in_field("pools"))?;
    let names = rules.iter().map(|rule| rule.name.as_str());
    let rules = unique(names).and_then(|()| each(rules, |file| rule(file, &pools, &architectures)));
    let rules = rules.map_err(|error| error.in_field("rules"))?;
    let catalogue = static_catalogue(catalogue).map_err(|error| error.in_field("catalogue"))?;
    let policy = Policy {
        mode,
        architectures,
        default_architecture,
        pools,
        rules,
        validation,
    };
    Ok((policy, catalogue))
}

fn known_architectures(
    file: ArchitecturesFile,
) -> Result<(Vec<Arc<str>>, Architecture), FieldError> {
    let ArchitecturesFile { known, default } = file;
    let valid = |name: &str| match name {
        "any" => Err(FieldError::new(
            "\"any\" stands for all of them and is no architecture",
        )),
        name => valid_name_of("an architecture", name),
    };
    let names = known.iter().map(String::as_str);
    unique(names.clone())
        .and_then(|()| each(names, valid).map(drop))
        .map_err(|error| error.in_field("known"))?;
    let known: Vec<Arc<str>> = known.into_iter().map(Arc::from).collect();
    let Some(chosen) = choose(&known, &default) else {
        let error = FieldError::new(format!("{default:?} is not a known architecture"));
        return Err(error.in_field("default"));
    };
    if known.is_empty() {
        return Err(FieldError::new("there must be at least one").in_field("known"));
    }
    Ok((known, chosen))
}

fn static_catalogue(entries: Vec<StaticNodePool>) -> Result<Catalogue, FieldError> {
    let mut catalogue = Catalogue::default();
    for (index, file) in entries.into_iter().enumerate() {
        NodePool::try_from(file)
            .and_then(|node_pool| catalogue.insert(node_pool))
            .map_err(|error| error.in_item(index))?;
    }
    Ok(catalogue)
}

/// Makes a value from each item of a list. An error's path begins with the item's position.
fn each<F, T>(
    items: impl IntoIterator<Item = F>,
    make: impl Fn(F) -> Result<T, FieldError>,
) -> Result<Vec<T>, FieldError> {
    items
        .into_iter()
        .enumerate()
        .map(|(index, item)| make(item).map_err(|error| error.in_item(index)))
        .collect()
}

/// Refuses a list in which a name occurs twice.
fn unique<'n>(names: impl Iterator<Item = &'n str>) -> Result<(), FieldError> {
    let mut seen = BTreeSet::new();
    for (index, name) in names.enumerate() {
        if !seen.insert(name) {
            return Err(FieldError::new(format!("{name:?} stands twice")).in_item(index));
        }
    }
    Ok(())
}

/// Refuses a name that is empty or cannot be the value of a label. `what` is the named thing, with its article.
fn valid_name_of(what: &str, name: &str) -> Result<(), FieldError> {
    if name.is_empty() {
        return Err(FieldError::new(format!("{what} needs a name")));
    }
    valid_value(name)
}

fn selector(file: Option<SelectorFile>, field: &str) -> Result<Option<Selector>, FieldError> {
    file.map(|file| Selector::try_from(file).map_err(|error| error.in_field(field)))
        .transpose()
}

fn pool(file: PoolFile) -> Result<Pool, FieldError> {
    let PoolFile {
        name,
        node_pools,
        binding,
        annotations,
        namespaces,
    } = file;
    valid_name_of("a pool", &name).map_err(|error| error.in_field("name"))?;
    let names = node_pools.iter().map(String::as_str);
    let valid = if node_pools.is_empty() {
        Err(FieldError::new("a pool needs at least one node pool"))
    } else {
        unique(names.clone()).and_then(|()| each(names, valid_node_pool_name).map(drop))
    };
    valid.map_err(|error| error.in_field("nodePools"))?;
    for key in annotations.keys() {
        valid_key(key).map_err(|error| error.in_field("annotations"))?;
    }
    Ok(Pool {
        name: name.into(),
        node_pools: node_pools.into_iter().map(Arc::from).collect(),
        binding,
        annotations,
        namespaces: selector(namespaces, "namespaces")?,
    })
}

fn rule(file: RuleFile, pools: &[Arc<Pool>], known: &[Arc<str>]) -> Result<Rule, FieldError> {
    let RuleFile {
        name,
        mode,
        matches,
        place,
    } = file;
    valid_name_of("a rule", &name).map_err(|error| error.in_field("name"))?;
    let matches = conditions(matches).map_err(|error| error.in_field("match"))?;
    let (place, architecture) =
        placed(place, pools, known).map_err(|error| error.in_field("place"))?;
    Ok(Rule {
        name: name.into(),
        mode,
        matches,
        place,
        architecture,
    })
}

fn conditions(file: MatchFile) -> Result<Match, FieldError> {
    let MatchFile {
        labels,
        controllers,
        namespace_labels,
        service_accounts,
        priority_classes,
    } = file;
    let controllers = controllers.map(|names| each(names, |name| controller(&name)));
    let controllers = controllers.transpose();
    Ok(Match {
        labels: selector(labels, "labels")?,
        controllers: controllers.map_err(|error| error.in_field("controllers"))?,
        namespace_labels: selector(namespace_labels, "namespaceLabels")?,
        service_accounts,
        priority_classes,
    })
}

fn placed(
    file: PlaceFile,
    pools: &[Arc<Pool>],
    known: &[Arc<str>],
) -> Result<(Place, Option<Architecture>), FieldError> {
    let PlaceFile {
        pool,
        pool_from_label,
        pool_from_namespace_label,
        leave_alone,
        architecture,
    } = file;
    let place = match (
        pool,
        pool_from_label,
        pool_from_namespace_label,
        leave_alone,
    ) {
        (Some(name), None, None, false) => {
            let pool = pools.iter().find(|pool| *pool.name == *name);
            let message = || format!("{name:?} is not one of the policy's pools");
            let pool = pool.ok_or_else(|| FieldError::new(message()).in_field("pool"))?;
            Place::Pool(Arc::clone(pool))
        }
        (None, Some(key), None, false) => {
            valid_key(&key).map_err(|error| error.in_field("poolFromLabel"))?;
            Place::PoolFromLabel(key)
        }
        (None, None, Some(key), false) => {
            valid_key(&key).map_err(|error| error.in_field("poolFromNamespaceLabel"))?;
            Place::PoolFromNamespaceLabel(key)
        }
        (None, None, None, true) => Place::LeaveAlone,
        _ => {
            return Err(FieldError::new(
                "needs exactly one of pool, poolFromLabel, poolFromNamespaceLabel and leaveAlone: true",
            ));
        }
    };
    let architecture = architecture.map(|name| {
        let message = || format!("{name:?} is neither a known architecture nor \"any\"");
        choose(known, &name).ok_or_else(|| FieldError::new(message()).in_field("architecture"))
    });
    Ok((place, architecture.transpose()?))
}

/// Reads a controller, written as `group/Kind`. If it never controls a pod itself, the error names the kind that does
/// (R1.2, R1.3).
fn controller(name: &str) -> Result<(String, String), FieldError> {
    let makes_pods = match name {
        "apps/Deployment" => Some("apps/ReplicaSet"),
        "batch/CronJob" => Some("batch/Job"),
        _ => None,
    };
    if let Some(makes_pods) = makes_pods {
        return Err(FieldError::new(format!(
            "{name} never controls a pod itself; use {makes_pods}"
        )));
    }
    // A kind of the core group has neither a group's name nor a slash: `ReplicationController`, or `Node` for a mirror
    // pod.
    let (group, kind) = match name.rsplit_once('/') {
        Some((group, kind)) => (Some(group), kind),
        None => (None, name),
    };
    let valid_kind = kind.starts_with(|first: char| first.is_ascii_uppercase())
        && kind.chars().all(|char| char.is_ascii_alphanumeric());
    if !valid_kind || group.is_some_and(|group| !is_subdomain(group)) {
        return Err(FieldError::new(format!(
            "{name:?} is not a group and a kind, such as batch/Job"
        )));
    }
    Ok((group.unwrap_or_default().to_owned(), kind.to_owned()))
}
