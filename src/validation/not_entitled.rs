//! The check `not-entitled`: a pool that is closed to the namespace stays closed to every way in.
//!
//! The check judges the node pools that the final pod may use: those that its selectors allow and its tolerations admit
//! (R7.1). Selecting on-demand capacity does not count as asking for a pool
//! (R7.6).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::wording::own_pool_labels;
use crate::encoding::wording::listed;
use crate::forecast::{Nodes, Reach, Revision, is_confined, keyed_toleration};
use crate::label::on_every_node;
use crate::node::NodePool;
use crate::placement::Reason;
use crate::pod::Alternative;
use crate::policy::{Action, Pool};

/// Reports the closed pools that the pod asks for by label, and those that it lets itself into.
pub(super) fn not_entitled(new: &Revision<'_>, old: Option<&Revision<'_>>) -> Vec<String> {
    let labels = new.namespace.labels;
    if new
        .snapshot
        .policy
        .pools()
        .iter()
        .all(|pool| pool.is_open_to(labels))
    {
        return Vec::new();
    }
    let asked = asked_for(new, old);
    let mut closed: BTreeMap<&str, &Pool> = BTreeMap::new();
    closed.extend(asked.iter().map(|(_, pool)| (&*pool.name, *pool)));
    let mut lines: Vec<String> = asked.into_iter().map(|(line, _)| line).collect();
    let mut added = trespasses(new);
    if !added.is_empty() {
        let known = old.map(trespasses).unwrap_or_default();
        added.retain(|name, _| !known.contains_key(name));
        closed.extend(added.values().map(|of| (&*of.pool.name, of.pool)));
        lines.extend(trespass_lines(new, &added));
    }
    lines.extend(openings(new, &closed));
    lines
}

/// The most pools for which the lines say what would open them.
const POOLS: usize = 2;

/// Returns the lines that say which labels of the namespace would open the pools to it.
fn openings(new: &Revision<'_>, pools: &BTreeMap<&str, &Pool>) -> Vec<String> {
    let namespace = new.namespace;
    let label = |key: &str| namespace.labels.and_then(|labels| labels.get(key));
    let lines = pools.values().take(POOLS).map(|pool| {
        let selector = pool.namespaces.as_ref();
        match selector.and_then(|selector| selector.changes(label)) {
            Some(changes) => format!(
                "ask an administrator to label namespace {} {}",
                namespace.name,
                changes.join(" ")
            ),
            None => format!("no label opens pool {} to a namespace", pool.name),
        }
    });
    lines.collect()
}

/// Returns the closed pools that the pod's labels ask for, each with a line. In a namespace that has not opted in, the
/// labels have no effect.
fn asked_for<'a>(new: &Revision<'a>, old: Option<&Revision<'_>>) -> Vec<(String, &'a Pool)> {
    let policy = &new.snapshot.policy;
    let namespace = new.namespace;
    if new.decision.reason == Reason::NotOptedIn {
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let keys = own_pool_labels(new).filter(|key| seen.insert(*key));
    let closed = keys.filter_map(|key| {
        let name = new.pod().metadata.label(key)?;
        let unchanged = old.is_some_and(|old| old.pod().metadata.label(key) == Some(name));
        let pool = policy.pool(name)?;
        if unchanged || pool.is_open_to(namespace.labels) {
            return None;
        }
        let line = format!(
            "{}[{key}]: namespace {} may not use pool {}",
            new.field("metadata.labels"),
            namespace.name,
            pool.name
        );
        Some((line, pool))
    });
    closed.collect()
}

/// The most fields that the lines name.
const FIELDS: usize = 3;

/// A trespass of a pod: a closed pool, one of whose node pools the pod may use.
struct Trespass<'a> {
    pool: &'a Pool,
    /// The position of the toleration that lets the pod in. `None` if a term leaves the pod no open node pool.
    toleration: Option<usize>,
}

/// Returns the trespasses of the final pod, by the name of the node pool.
///
/// The pod may use a closed node pool if a toleration lets it in (see [`admitting_toleration`]), or if one of its terms
/// leaves it nothing but closed ones.
fn trespasses<'a>(revision: &Revision<'a>) -> BTreeMap<&'a str, Trespass<'a>> {
    let closed = closed(revision);
    if closed.is_empty() || is_confined(revision) {
        return BTreeMap::new();
    }
    let existing = Reach::of(revision, Nodes::Existing);
    // If the budget runs out, the check assumes the worst: the pod may use closed node pools and no open one.
    let usable: Vec<_> = closed
        .into_iter()
        .filter(|(node_pool, _)| {
            is_tolerated(revision, node_pool) && existing.allows(node_pool) != Some(false)
        })
        .map(|(node_pool, pool)| {
            let toleration = admitting_toleration(revision, node_pool);
            (&**node_pool.name(), Trespass { pool, toleration })
        })
        .collect();
    let no_other = with_no_other(revision, &existing, &usable);
    usable
        .into_iter()
        .filter(|(name, trespass)| trespass.toleration.is_some() || no_other.contains(name))
        .collect()
}

/// Returns the names of the closed node pools that some term of the pod leaves it with no open one besides.
///
/// A toleration without a key admits closed node pools together with all others, so it alone proves nothing. The term
/// counts if it leaves no open node pool among the nodes that Karpenter would make, or among those that exist.
fn with_no_other<'a>(
    revision: &Revision<'a>,
    existing: &Reach<'_>,
    usable: &[(&'a str, Trespass<'a>)],
) -> BTreeSet<&'a str> {
    if usable
        .iter()
        .all(|(_, trespass)| trespass.toleration.is_some())
    {
        return BTreeSet::new();
    }
    let usable: BTreeSet<&str> = usable.iter().map(|(name, _)| *name).collect();
    let catalogue = &revision.snapshot.catalogue;
    let (closed, open): (Vec<_>, Vec<_>) = catalogue
        .iter()
        .filter(|node_pool| is_tolerated(revision, node_pool))
        .partition(|node_pool| usable.contains(&**node_pool.name()));
    let new = Reach::of(revision, Nodes::New);
    let mut left = BTreeSet::new();
    let node_labels = catalogue.node_labels();
    let alternatives = revision.pod().spec.alternatives();
    for alternative in alternatives.filter(|one| selecting_key(*one, &node_labels).is_some()) {
        for reach in [&new, existing] {
            let allows = |node_pool: &&&NodePool| reach.allows_by(node_pool, alternative);
            let allowed: Vec<_> = closed
                .iter()
                .filter(|node_pool| allows(node_pool) || reach.is_exhausted())
                .map(|node_pool| &**node_pool.name())
                .collect();
            if !allowed.is_empty() && !open.iter().any(|node_pool| allows(&node_pool)) {
                left.extend(allowed);
            }
        }
        if left.len() == closed.len() {
            break;
        }
    }
    left
}

/// True if the pod tolerates every hard taint of the node pool.
fn is_tolerated(revision: &Revision<'_>, node_pool: &NodePool) -> bool {
    let spec = revision.pod().spec;
    node_pool.hard_taints().all(|taint| spec.tolerates(taint))
}

/// Returns the position of the toleration that lets the pod into the node pool. One without a key counts only if the
/// policy denies such tolerations.
fn admitting_toleration(revision: &Revision<'_>, node_pool: &NodePool) -> Option<usize> {
    let denies_wildcards = revision.snapshot.policy.validation.wildcard_toleration == Action::Deny;
    let without_key = || {
        let mut tolerations = revision.pod().spec.tolerations().iter();
        tolerations.position(|toleration| {
            let mut taints = node_pool.hard_taints();
            toleration.key.is_empty() && taints.any(|taint| toleration.tolerates(taint))
        })
    };
    match keyed_toleration(revision, node_pool, |_| true) {
        None if denies_wildcards => without_key(),
        keyed => keyed,
    }
}

/// Returns a label that the alternative requires and that only some nodes have.
///
/// Without such a label, the alternative may allow nodes that are not in the catalogue, such as those of a managed node
/// group. A label that carries the names of node pools always counts, even if the alternative only excludes some names.
fn selecting_key<'a>(
    alternative: Alternative<'a>,
    node_labels: &BTreeSet<&str>,
) -> Option<&'a str> {
    let asks = |key: &&str| {
        let mut asked = alternative.on(key);
        node_labels.contains(key)
            || (!on_every_node(key) && asked.any(|requirement| !requirement.admits(None)))
    };
    let mut keys = alternative.selector_keys().chain(alternative.term_keys());
    keys.find(asks)
}

/// Returns the node pools all of whose pools are closed to the namespace, each with the first of these pools.
fn closed<'a>(revision: &Revision<'a>) -> Vec<(&'a NodePool, &'a Pool)> {
    let policy = &revision.snapshot.policy;
    let pools = policy.pools().iter();
    let pools: Vec<&Arc<Pool>> = pools
        .filter(|pool| !pool.is_open_to(revision.namespace.labels))
        .collect();
    let is_closed = |pool: &Arc<Pool>| pools.iter().any(|closed| Arc::ptr_eq(closed, pool));
    let mut closed: BTreeMap<&str, &Pool> = BTreeMap::new();
    for pool in &pools {
        let names = pool.all_node_pools();
        for name in names.filter(|name| policy.pools_of(name).iter().all(is_closed)) {
            closed.entry(name).or_insert(pool);
        }
    }
    let catalogue = &revision.snapshot.catalogue;
    closed
        .into_iter()
        .filter_map(|(name, pool)| Some((catalogue.get(name)?, pool)))
        .collect()
}

/// Returns the lines that name the fields, the node pools and the pools of these trespasses.
fn trespass_lines(
    revision: &Revision<'_>,
    trespasses: &BTreeMap<&str, Trespass<'_>>,
) -> Vec<String> {
    let mut by_toleration: BTreeMap<Option<usize>, Vec<(&str, &Pool)>> = BTreeMap::new();
    for (name, Trespass { pool, toleration }) in trespasses {
        by_toleration
            .entry(*toleration)
            .or_default()
            .push((name, pool));
    }
    let namespace = revision.namespace.name;
    let node_labels = revision.snapshot.catalogue.node_labels();
    let alternatives = || revision.pod().spec.alternatives();
    let constrained =
        |label: &&&str| alternatives().any(|alternative| alternative.constrains(label));
    let selected = node_labels.iter().find(constrained);
    let selecting = alternatives().find_map(|alternative| selecting_key(alternative, &node_labels));
    let lines = by_toleration
        .into_iter()
        .take(FIELDS)
        .flat_map(|(toleration, entered)| {
            let field = match (toleration, selected.copied().or(selecting)) {
                (Some(position), _) => revision.field(&format!("spec.tolerations[{position}]")),
                (None, Some(key)) => revision.selection_field(key),
                (None, None) => revision.field("spec"),
            };
            let names = listed(entered.iter().map(|(name, _)| *name));
            let pools = listed(entered.iter().map(|(_, pool)| &*pool.name));
            [
                format!("{field}: lets the pod into {names}"),
                format!("namespace {namespace} may not use pool {pools}"),
            ]
        });
    let mut lines: Vec<String> = lines.collect();
    if !lines.is_empty() {
        lines.push("remove what lets it in".to_owned());
    }
    lines
}
