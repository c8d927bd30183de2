//! Makes a policy from its file. Every fault for which berth refuses a policy is found here, in `own_labels.rs` or in `shape.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::effective::{Policy, choose};
use super::file::{
    ArchitecturesFile, MatchFile, OnDemandFile, PlaceFile, PolicySpec, PoolFile, RuleFile,
};
use super::own_labels::unsteady;
use super::pool::Pool;
use super::rule::{Architecture, Match, Place, Rule};
use super::selector::{Selector, SelectorFile};
use super::split::{OnDemand, Split};
use crate::encoding::field::FieldError;
use crate::encoding::spelling::suggestion;
use crate::encoding::wording::clipped;
use crate::label::{is_subdomain, valid_key, valid_value};
use crate::node::{Catalogue, NodePool, StaticNodePool, valid_node_pool_name};

impl Policy {
    /// Makes a policy, and its static catalogue, from its spec. The caller has checked the shape.
    ///
    /// # Errors
    /// If fields are wrong. The rules are read only if all else is right. The paths begin in the spec.
    pub(super) fn from_spec(spec: PolicySpec) -> Result<(Self, Catalogue), Vec<FieldError>> {
        let PolicySpec {
            mode,
            architectures,
            pools,
            rules,
            catalogue,
            validation,
        } = spec;
        let mut errors = Vec::new();
        let known = known_architectures(architectures);
        let known = noted(
            known.map_err(|error| vec![error]),
            "architectures",
            &mut errors,
        );
        let names = pools.iter().map(|pool| pool.name.as_str());
        let unique_pools = unique(names).map_err(|error| vec![error]);
        let pools = unique_pools.and_then(|()| all(pools, |file| pool(file).map(Arc::new)));
        let pools = noted(pools, "pools", &mut errors);
        let catalogue = noted(static_catalogue(catalogue), "catalogue", &mut errors);
        let (Some((architectures, default_architecture)), Some(pools), Some(catalogue)) =
            (known, pools, catalogue)
        else {
            return Err(errors);
        };
        let names = rules.iter().map(|rule| rule.name.as_str());
        let unique_rules = unique(names).map_err(|error| vec![error]);
        let rules =
            unique_rules.and_then(|()| all(rules, |file| rule(file, &pools, &architectures)));
        let rules = rules.and_then(|rules| {
            let unsteady = unsteady(&rules, &pools);
            if unsteady.is_empty() {
                Ok(rules)
            } else {
                Err(unsteady)
            }
        });
        let Some(rules) = noted(rules, "rules", &mut errors) else {
            return Err(errors);
        };
        let policy = Self {
            mode,
            architectures,
            default_architecture,
            by_node_pool: by_node_pool(&pools),
            pools,
            rules,
            validation,
        };
        Ok((policy, catalogue))
    }
}

fn by_node_pool(pools: &[Arc<Pool>]) -> BTreeMap<Arc<str>, Vec<Arc<Pool>>> {
    let mut by_node_pool: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for pool in pools {
        for name in pool.all_node_pools() {
            let of = by_node_pool.entry(Arc::clone(name)).or_default();
            of.push(Arc::clone(pool));
        }
    }
    by_node_pool
}

/// Returns a part of the policy, or notes its errors in a field of this name.
fn noted<T>(
    part: Result<T, Vec<FieldError>>,
    field: &str,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    let wrong = |found: Vec<FieldError>| {
        errors.extend(found.into_iter().map(|error| error.in_field(field)));
    };
    part.map_err(wrong).ok()
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
        let error = FieldError::new(unknown_architecture(&default, &known));
        return Err(error.in_field("default"));
    };
    if known.is_empty() {
        return Err(FieldError::new("there must be at least one").in_field("known"));
    }
    Ok((known, chosen))
}

fn static_catalogue(entries: Vec<StaticNodePool>) -> Result<Catalogue, Vec<FieldError>> {
    let mut catalogue = Catalogue::default();
    let entered = |file| NodePool::try_from(file).and_then(|node_pool| catalogue.insert(node_pool));
    all(entries, entered)?;
    Ok(catalogue)
}

/// Makes a value from each item of a list.
///
/// # Errors
/// If items are wrong, each with its own error, whose path begins with the item's position.
fn all<F, T>(
    items: impl IntoIterator<Item = F>,
    mut make: impl FnMut(F) -> Result<T, FieldError>,
) -> Result<Vec<T>, Vec<FieldError>> {
    let (mut values, mut errors) = (Vec::new(), Vec::new());
    for (index, item) in items.into_iter().enumerate() {
        match make(item) {
            Ok(value) => values.push(value),
            Err(error) => errors.push(error.in_item(index)),
        }
    }
    if errors.is_empty() {
        Ok(values)
    } else {
        Err(errors)
    }
}

/// Makes a value from each item of a list, up to the first that is wrong. The error's path begins with its position.
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
        on_demand,
        binding,
        annotations,
        namespaces,
    } = file;
    valid_name_of("a pool", &name).map_err(|error| error.in_field("name"))?;
    let node_pools = side(node_pools)?;
    let on_demand = on_demand.map(|file| on_demand_side(file, &node_pools));
    let on_demand = on_demand.transpose();
    let on_demand = on_demand.map_err(|error| error.in_field("onDemand"))?;
    for key in annotations.keys() {
        valid_key(key).map_err(|error| error.in_field("annotations"))?;
    }
    Ok(Pool {
        name: name.into(),
        node_pools,
        on_demand,
        binding,
        annotations,
        namespaces: selector(namespaces, "namespaces")?,
    })
}

/// Reads the node pools of a pool, or of its on-demand side.
fn side(node_pools: Vec<String>) -> Result<Vec<Arc<str>>, FieldError> {
    let names = node_pools.iter().map(String::as_str);
    let valid = if node_pools.is_empty() {
        Err(FieldError::new("a pool needs at least one node pool"))
    } else {
        unique(names.clone()).and_then(|()| each(names, valid_node_pool_name).map(drop))
    };
    valid.map_err(|error| error.in_field("nodePools"))?;
    Ok(node_pools.into_iter().map(Arc::from).collect())
}

/// Reads the on-demand side of a pool. `others` are the node pools of its other side.
fn on_demand_side(file: OnDemandFile, others: &[Arc<str>]) -> Result<OnDemand, FieldError> {
    let OnDemandFile {
        node_pools,
        base_capacity: base,
        percentage_above_base_capacity: percentage,
    } = file;
    let node_pools = side(node_pools)?;
    let both = node_pools.iter().position(|name| others.contains(name));
    if let Some(index) = both {
        let name = &node_pools[index];
        let error = FieldError::new(format!("{name} cannot be on both sides of the split"));
        return Err(error.in_item(index).in_field("nodePools"));
    }
    let most = |most: u32| FieldError::new(format!("must be at most {most}"));
    if base > Split::MOST_BASE {
        return Err(most(Split::MOST_BASE).in_field("baseCapacity"));
    }
    let split = Split::new(base, percentage)
        .ok_or_else(|| most(Split::MOST_PERCENTAGE).in_field("percentageAboveBaseCapacity"))?;
    Ok(OnDemand { node_pools, split })
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
            let message = || {
                let known: Vec<&str> = pools.iter().map(|pool| &*pool.name).collect();
                let (name, remedy) = (clipped(&name), suggestion(&name, &known));
                format!("{name:?} is not one of the policy's pools; {remedy}")
            };
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
        let message = || unknown_architecture(&name, known);
        choose(known, &name).ok_or_else(|| FieldError::new(message()).in_field("architecture"))
    });
    Ok((place, architecture.transpose()?))
}

/// Returns the message about a choice that is neither a known architecture nor `any`.
fn unknown_architecture(name: &str, known: &[Arc<str>]) -> String {
    let known: Vec<&str> = known.iter().map(|known| &**known).chain(["any"]).collect();
    let (name, remedy) = (clipped(name), suggestion(name, &known));
    format!("{name:?} is not a known architecture; {remedy}")
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
