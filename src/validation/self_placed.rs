//! The check `self-placed`: the pod lets itself into a dedicated node pool that no rule places it in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::wording::{asking_label, pool_labels};
use crate::encoding::wording::listed;
use crate::forecast::{Revision, keyed_toleration};
use crate::label::Operator;
use crate::names::ARCH_LABEL;
use crate::node::NodePool;
use crate::pod::Toleration;
use crate::policy::{Policy, Pool};

/// The most fields that the lines name.
const WAYS: usize = 3;

/// The way by which a pod lets itself into a node pool. A selector says more than a toleration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way<'a> {
    /// The pod selects the node pool by this label.
    Selects(&'a str),
    /// The toleration at this position tolerates a taint of the node pool.
    Tolerates(usize),
}

/// Reports the dedicated node pools that the pod lets itself into and the old revision does not.
pub(super) fn self_placed(new: &Revision<'_>, old: Option<&Revision<'_>>) -> Vec<String> {
    let mut entered = entered(new);
    if let Some(old) = old
        && !entered.is_empty()
    {
        let known = self::entered(old);
        entered.retain(|name, _| !known.contains_key(name));
    }
    if entered.is_empty() {
        return Vec::new();
    }
    let mut by_way: BTreeMap<Way<'_>, Vec<&str>> = BTreeMap::new();
    for (name, (way, _)) in &entered {
        by_way.entry(*way).or_default().push(name);
    }
    let ways = by_way.into_iter().take(WAYS).flat_map(|(way, names)| {
        let field = match way {
            Way::Selects(label) => new.selection_field(label),
            Way::Tolerates(position) => new.field(&format!("spec.tolerations[{position}]")),
        };
        let names = listed(names.into_iter());
        [
            format!("no rule places the pod in {names}"),
            format!("see {field}"),
        ]
    });
    let mut lines: Vec<String> = ways.collect();
    lines.extend(remedies(new, &entered));
    lines
}

/// Returns the dedicated node pools that the pod lets itself into, by name, each with the way.
fn entered<'a>(revision: &Revision<'a>) -> BTreeMap<&'a str, (Way<'a>, &'a NodePool)> {
    let spec = revision.pod().spec;
    let catalogue = &revision.snapshot.catalogue;
    let dedicated = Dedicated::of(revision);
    let mut entered: BTreeMap<&str, (Way<'_>, &NodePool)> = BTreeMap::new();
    let labels = catalogue.node_labels();
    for alternative in spec.alternatives() {
        for label in &labels {
            let selected = alternative
                .on(label)
                .filter(|requirement| requirement.operator == Operator::In);
            let names = selected.flat_map(|requirement| requirement.values);
            let selected = names.filter_map(|name| catalogue.get(name));
            for node_pool in selected.filter(|node_pool| node_pool.node_label() == *label) {
                if dedicated.has(node_pool) {
                    entered.insert(node_pool.name(), (Way::Selects(label), node_pool));
                }
            }
        }
    }
    // Several node pools can have one taint: the toleration that berth adds for one of them opens the others too.
    let placed = &revision.decision.node_pools;
    let own = |toleration: &Toleration<'_>| {
        let mut taints = placed.iter().flat_map(|node_pool| node_pool.taints());
        !taints.any(|taint| toleration.is_for(taint))
    };
    let may_enter = spec
        .tolerations()
        .iter()
        .any(|toleration| own(toleration) && catalogue.has_taint_key(&toleration.key));
    if !may_enter {
        return entered;
    }
    for node_pool in catalogue.iter() {
        if let Some(position) = keyed_toleration(revision, node_pool, own)
            && dedicated.has(node_pool)
        {
            entered
                .entry(node_pool.name())
                .or_insert((Way::Tolerates(position), node_pool));
        }
    }
    entered
}

/// The dedicated node pools: the tainted ones of the policy's pools.
///
/// Those that a rule places the pod in are left out. So are those of a pool that the pod's own label asks for, even if
/// the pod is not placed there.
struct Dedicated<'a> {
    policy: &'a Policy,
    placed: &'a [&'a NodePool],
    asked_for: BTreeSet<&'a str>,
}

impl<'a> Dedicated<'a> {
    fn of(revision: &Revision<'a>) -> Self {
        let policy = &revision.snapshot.policy;
        Self {
            policy,
            placed: &revision.decision.node_pools,
            asked_for: pool_labels(policy)
                .filter_map(|key| revision.pod().metadata.label(key))
                .collect(),
        }
    }

    fn has(&self, node_pool: &NodePool) -> bool {
        let name = node_pool.name();
        let mut pools = self.policy.pools_of(name).iter();
        node_pool.hard_taints().next().is_some()
            && !self.placed.iter().any(|placed| placed.name() == name)
            && pools.any(|pool| !self.asked_for.contains(&*pool.name))
    }
}

/// Returns the labels to ask by instead: the pool's, or the architecture's if the node pool is of the pod's own pool.
///
/// If the pod selects some of the node pools, those alone count, since a selector says more about its wishes than a
/// toleration.
fn remedies(
    revision: &Revision<'_>,
    entered: &BTreeMap<&str, (Way<'_>, &NodePool)>,
) -> Vec<String> {
    let policy = &revision.snapshot.policy;
    let own = revision.decision.pool;
    let selected = |way: &Way<'_>| matches!(way, Way::Selects(_));
    let selects = entered.values().any(|(way, _)| selected(way));
    let wanted = entered
        .values()
        .filter(|(way, _)| !selects || selected(way));
    let (mut pools, mut architectures) = (Vec::new(), BTreeSet::new());
    for (_, node_pool) in wanted {
        let holds = |pool: &&Pool| pool.has(node_pool.name());
        if own.is_some_and(|own| holds(&own)) {
            let known = policy.architectures().iter();
            architectures.extend(known.filter(|name| node_pool.offers(name)));
            continue;
        }
        let open = |pool: &&Pool| pool.is_open_to(revision.namespace.labels);
        let pool = policy
            .pools()
            .iter()
            .map(Arc::as_ref)
            .filter(open)
            .find(holds);
        pools.extend(pool.map(|pool| &*pool.name));
    }
    let field = revision.field("metadata.labels");
    let by_label = |key: &str, value: &str| format!("ask by label: {field}[{key}]: {value}");
    let mut remedies = Vec::new();
    if let (Some(key), false) = (asking_label(policy), pools.is_empty()) {
        remedies.push(by_label(key, &listed(pools.into_iter())));
    }
    if revision.pod().metadata.label(ARCH_LABEL).is_none() {
        let mut all = architectures.into_iter();
        let choice = match (all.next(), all.next()) {
            (Some(only), None) => Some(&**only),
            (Some(_), Some(_)) => Some("any"),
            _ => None,
        };
        remedies.extend(choice.map(|choice| by_label(ARCH_LABEL, choice)));
    }
    if remedies.is_empty() {
        remedies.push("remove it".to_owned());
    }
    remedies
}
