//! The check `not-entitled`: a pool that is closed to the namespace stays closed, however a pod would get in.
//!
//! What counts is what the final pod may use: the node pools that its selectors allow and its tolerations admit.
//! Asking for on-demand capacity asks for no pool.

use std::collections::{BTreeMap, BTreeSet};

use super::reach::{Reach, Rule, is_confined, keyed_entry};
use super::revision::Revision;
use super::wording::{listed, own_pool_labels};
use crate::node::NodePool;
use crate::node::label::on_every_node;
use crate::placement::Reason;
use crate::pod::Alternative;
use crate::policy::{Action, Pool};

/// The namespace may not use the pool that the pod asks for by label, or lets itself into.
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
    let mut lines = asked_for(new, old);
    let mut reached = reached(new);
    if !reached.is_empty() {
        let known = old.map(self::reached).unwrap_or_default();
        reached.retain(|name, _| !known.contains_key(name));
        lines.extend(reached_lines(new, &reached));
    }
    if !lines.is_empty() {
        lines.push(
            "an administrator can label the namespace so that the pool's namespaces selector matches"
                .to_owned(),
        );
    }
    lines
}

/// The pools that the pod's labels ask for. Where nobody opted in, they ask for nothing.
fn asked_for(new: &Revision<'_>, old: Option<&Revision<'_>>) -> Vec<String> {
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
        let pool = policy.pool(name).filter(|_| !unchanged)?;
        (!pool.is_open_to(namespace.labels)).then(|| {
            format!(
                "{}[{key}]: namespace {} may not use pool {}",
                new.field("metadata.labels"),
                namespace.name,
                pool.name
            )
        })
    });
    closed.collect()
}

/// How many fields are named.
const FIELDS: usize = 3;

/// A closed node pool that a pod may use.
struct Entry<'a> {
    pool: &'a Pool,
    /// The position of the toleration that lets it in; nothing where a term leaves it nothing else.
    toleration: Option<usize>,
}

/// The closed node pools that the final pod may use: those that its tolerations let it into (see [`entry`]), or all that
/// one of its terms leaves it.
fn reached<'a>(revision: &Revision<'a>) -> BTreeMap<&'a str, Entry<'a>> {
    let closed = closed(revision);
    if closed.is_empty() || is_confined(revision) {
        return BTreeMap::new();
    }
    let existing = Reach::of(revision, Rule::Existing);
    // Where there are too many selectors to look at, they allow what is closed and nothing that is open.
    let usable: Vec<_> = closed
        .into_iter()
        .filter(|(node_pool, _)| {
            is_tolerated(revision, node_pool) && existing.allows(node_pool) != Some(false)
        })
        .map(|(node_pool, pool)| {
            let toleration = entry(revision, node_pool);
            (&**node_pool.name(), Entry { pool, toleration })
        })
        .collect();
    let left_alone = left_alone(revision, &existing, &usable);
    usable
        .into_iter()
        .filter(|(name, entry)| entry.toleration.is_some() || left_alone.contains(name))
        .collect()
}

/// Without a key, tolerations admit what is closed with all the rest. Then it has to be all that one of the pod's terms
/// leaves, be it of the nodes that Karpenter would make or of those that are there.
fn left_alone<'a>(
    revision: &Revision<'a>,
    existing: &Reach<'_>,
    usable: &[(&'a str, Entry<'a>)],
) -> BTreeSet<&'a str> {
    if usable.iter().all(|(_, entry)| entry.toleration.is_some()) {
        return BTreeSet::new();
    }
    let usable: BTreeSet<&str> = usable.iter().map(|(name, _)| *name).collect();
    let catalogue = &revision.snapshot.catalogue;
    let (closed, open): (Vec<_>, Vec<_>) = catalogue
        .iter()
        .filter(|node_pool| is_tolerated(revision, node_pool))
        .partition(|node_pool| usable.contains(&**node_pool.name()));
    let new = Reach::of(revision, Rule::New);
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

/// Whether the pod tolerates all that keeps pods out of the node pool.
fn is_tolerated(revision: &Revision<'_>, node_pool: &NodePool) -> bool {
    let spec = revision.pod().spec;
    node_pool.hard_taints().all(|taint| spec.tolerates(taint))
}

/// The toleration that lets the pod into the node pool. One without a key counts only where the policy refuses such.
fn entry(revision: &Revision<'_>, node_pool: &NodePool) -> Option<usize> {
    let refused = revision.snapshot.policy.validation.wildcard_toleration == Action::Deny;
    let without_key = || {
        let mut tolerations = revision.pod().spec.tolerations().iter();
        tolerations.position(|toleration| {
            let mut taints = node_pool.hard_taints();
            toleration.key.is_empty() && taints.any(|taint| toleration.tolerates(taint))
        })
    };
    let keyed = keyed_entry(revision, node_pool, |_| true);
    keyed.or_else(|| refused.then(without_key).flatten())
}

/// A label that the selectors ask for and that nodes do not have by themselves. Without one they may allow nodes of which
/// the catalogue says nothing, such as those of a managed node group. Whoever leaves out node pools speaks of the others.
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

/// The node pools all of whose pools are closed to the namespace, each with one of them.
fn closed<'a>(revision: &Revision<'a>) -> Vec<(&'a NodePool, &'a Pool)> {
    let mut pools: BTreeMap<&str, Option<&Pool>> = BTreeMap::new();
    for pool in revision.snapshot.policy.pools() {
        let is_open = pool.is_open_to(revision.namespace.labels);
        for name in &pool.node_pools {
            let closed = pools.entry(name).or_insert(Some(pool));
            if is_open {
                *closed = None;
            }
        }
    }
    let closed = pools
        .into_iter()
        .filter_map(|(name, pool)| Some((name, pool?)));
    closed
        .filter_map(|(name, pool)| Some((revision.snapshot.catalogue.get(name)?, pool)))
        .collect()
}

fn reached_lines(revision: &Revision<'_>, reached: &BTreeMap<&str, Entry<'_>>) -> Vec<String> {
    let mut by_toleration: BTreeMap<Option<usize>, Vec<(&str, &Pool)>> = BTreeMap::new();
    for (name, Entry { pool, toleration }) in reached {
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
