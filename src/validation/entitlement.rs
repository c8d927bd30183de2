//! The check `not-entitled`: a pool that is closed to the namespace stays closed, however a pod would get in.
//!
//! What counts is what the final pod may use: the node pools that its selectors allow and its tolerations admit.
//! Asking for on-demand capacity asks for no pool.

use std::collections::{BTreeMap, BTreeSet};

use super::Side;
use super::reach::{Reach, Rule, is_confined};
use super::self_placed::keyed_entry;
use super::wording::{listed, pool_labels};
use crate::placement::Reason;
use crate::placement::catalogue::NodePool;
use crate::placement::constraints::Alternative;
use crate::placement::policy::Pool;
use crate::placement::requirement::{NODE_POOL, on_every_node};

/// The namespace may not use the pool that the pod asks for by label, or lets itself into.
pub(super) fn not_entitled(new: &Side<'_, '_, '_>, old: Option<&Side<'_, '_, '_>>) -> Vec<String> {
    let labels = new.case.namespace.labels;
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
fn asked_for(new: &Side<'_, '_, '_>, old: Option<&Side<'_, '_, '_>>) -> Vec<String> {
    let policy = &new.snapshot.policy;
    let namespace = new.case.namespace;
    if new.decision().reason == Reason::NotOptedIn {
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let keys = pool_labels(policy).filter(|key| seen.insert(*key));
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
struct Entry<'s> {
    pool: &'s Pool,
    /// The position of the toleration that lets it in; nothing where its selectors leave it nothing else.
    toleration: Option<usize>,
}

/// The closed node pools that the final pod may use: those that tolerations with a key let it into, or all that it may
/// use at all, where that is nothing else.
fn reached<'s>(side: &Side<'s, '_, '_>) -> BTreeMap<&'s str, Entry<'s>> {
    let closed = closed(side);
    if closed.is_empty() || is_confined(side) {
        return BTreeMap::new();
    }
    let existing = Reach::of(side, Rule::Existing);
    let tolerations = side.pod().spec.tolerations();
    let admits = |node_pool: &NodePool| {
        node_pool.hard_taints().all(|taint| {
            tolerations
                .iter()
                .any(|toleration| toleration.tolerates(taint))
        })
    };
    // Where there are too many selectors to look at, they allow what is closed and nothing that is open.
    let usable: Vec<_> = closed
        .into_iter()
        .filter(|(node_pool, _)| admits(node_pool) && existing.allows(node_pool) != Some(false))
        .map(|(node_pool, pool)| (node_pool, pool, keyed_entry(side, node_pool, |_| true)))
        .collect();
    let new = Reach::of(side, Rule::New);
    let is_closed = |node_pool: &NodePool| {
        usable
            .iter()
            .any(|(closed, ..)| closed.name() == node_pool.name())
    };
    let catalogue = &side.snapshot.catalogue;
    // Without a key, tolerations admit what is closed with all the rest: then it has to be all that there is.
    let nothing_else = || {
        selecting_key(side).is_some()
            && !catalogue.iter().any(|node_pool| {
                !is_closed(node_pool) && admits(node_pool) && new.allows(node_pool) == Some(true)
            })
    };
    let all = usable.iter().any(|(_, _, toleration)| toleration.is_none()) && nothing_else();
    let counted = usable.iter().filter(|(node_pool, _, toleration)| {
        toleration.is_some() || (all && new.allows(node_pool) != Some(false))
    });
    counted
        .map(|(node_pool, pool, toleration)| {
            let entry = Entry {
                pool,
                toleration: *toleration,
            };
            (&**node_pool.name(), entry)
        })
        .collect()
}

/// A label that the selectors ask for and that nodes do not have by themselves. Without one they may allow nodes of which
/// the catalogue says nothing, such as those of a managed node group. Whoever leaves out node pools speaks of the others.
fn selecting_key<'s>(side: &Side<'s, '_, '_>) -> Option<&'s str> {
    let spec = side.pod().spec;
    let asks = |alternative: Alternative<'_, '_>, key: &str| {
        let mut asked = alternative.on(key);
        key == NODE_POOL
            || (!on_every_node(key) && asked.any(|requirement| !requirement.admits(None)))
    };
    let alone = spec.selector_alone();
    if let Some(key) = alone.selector_keys().find(|key| asks(alone, key)) {
        return Some(key);
    }
    let mut first = None;
    for alternative in spec.alternatives() {
        let key = alternative.term_keys().find(|key| asks(alternative, key))?;
        first.get_or_insert(key);
    }
    first
}

/// The node pools all of whose pools are closed to the namespace, each with one of them.
fn closed<'s>(side: &Side<'s, '_, '_>) -> Vec<(&'s NodePool, &'s Pool)> {
    let mut pools: BTreeMap<&str, Option<&Pool>> = BTreeMap::new();
    for pool in side.snapshot.policy.pools() {
        let is_open = pool.is_open_to(side.case.namespace.labels);
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
        .filter_map(|(name, pool)| Some((side.snapshot.catalogue.get(name)?, pool)))
        .collect()
}

fn reached_lines(side: &Side<'_, '_, '_>, reached: &BTreeMap<&str, Entry<'_>>) -> Vec<String> {
    let mut by_toleration: BTreeMap<Option<usize>, Vec<(&str, &Pool)>> = BTreeMap::new();
    for (name, Entry { pool, toleration }) in reached {
        by_toleration
            .entry(*toleration)
            .or_default()
            .push((name, pool));
    }
    let namespace = side.case.namespace.name;
    let lines = by_toleration
        .into_iter()
        .take(FIELDS)
        .flat_map(|(toleration, entered)| {
            let field = match (toleration, selecting_key(side)) {
                (Some(position), _) => side.field(&format!("spec.tolerations[{position}]")),
                (None, Some(_)) if constrains_node_pool(side) => side.selection_field(NODE_POOL),
                (None, Some(key)) => side.selection_field(key),
                (None, None) => side.field("spec"),
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

fn constrains_node_pool(side: &Side<'_, '_, '_>) -> bool {
    let mut alternatives = side.pod().spec.alternatives();
    alternatives.any(|alternative| alternative.constrains(NODE_POOL))
}
