//! The check `unschedulable`: Karpenter makes no node for the pod (R7.5).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::contradiction::contradiction;
use super::wording::asking_label;
use crate::encoding::spelling::nearest;
use crate::encoding::wording::{clipped, listed};
use crate::forecast::{Obstruction, Outlook, Revision, unsupported};
use crate::label::{Operator, Platform};
use crate::node::NodePool;
use crate::placement::Reason;
use crate::policy::{Action, Binding, Mode};

/// The most node pools that get a line with a reason.
const NODE_POOLS: usize = 16;
/// The most alternatives of a pod in which berth looks for the node pools that they name.
const ALTERNATIVES: usize = 64;

/// Reports a pod for which Karpenter makes no node, with the remedy and the reasons: of the node pools of its placement,
/// or else of any in the catalogue.
pub(super) fn unschedulable(revision: &Revision<'_>) -> Vec<String> {
    let decision = revision.decision;
    let catalogue = &revision.snapshot.catalogue;
    if catalogue.is_empty() || decision.reason.runs_elsewhere() {
        return Vec::new();
    }
    // The decision chose the node pools because their labels fit. If the mutating side missed the pod, `not-placed`
    // reports it.
    let placed = decision.reason == Reason::AlreadyPlaced
        || (decision.reason == Reason::Placed && decision.mode == Mode::Enforce);
    let outlook = Outlook::of(revision);
    if let Some(key) = outlook.without_domain() {
        return vec![
            format!("Karpenter knows no value of {}", clipped(key)),
            "so it makes no node for a pod that spreads or parts by it".to_owned(),
        ];
    }
    let mut chosen = decision.node_pools.iter();
    let is_bound = decision
        .pool
        .is_some_and(|pool| pool.binding == Binding::Required);
    let is_fine = (placed && chosen.any(|node_pool| outlook.misses(node_pool).is_none()))
        // Karpenter gives up a preference, berth's own too.
        || (!(placed && is_bound)
            && catalogue
                .iter()
                .any(|node_pool| outlook.makes_node(node_pool)));
    if is_fine {
        return Vec::new();
    }
    // The check `contradiction` says more about the pod, and one of the two is enough.
    let contradicts = revision.snapshot.policy.validation.contradiction != Action::Off
        && !contradiction(revision).is_empty();
    if contradicts {
        return Vec::new();
    }
    if placed {
        let chosen = decision.node_pools.iter().copied();
        return refused_by_all(revision, chosen.clone()).unwrap_or_else(|| {
            let missed = chosen.filter_map(|node_pool| {
                let why = outlook.misses(node_pool)?;
                Some((node_pool, Obstruction::Other(why)))
            });
            grouped(missed)
        });
    }
    refused_by_all(revision, catalogue.iter())
        .or_else(|| misspelt(revision))
        .unwrap_or_else(|| {
            let mut lines = remedy(revision, &outlook).unwrap_or_default();
            lines.extend(reasons(revision, &outlook));
            lines
        })
}

/// Returns the lines for a pod whose selectors no Karpenter supports that makes these node pools' nodes.
fn refused_by_all<'n>(
    revision: &Revision<'_>,
    node_pools: impl Iterator<Item = &'n NodePool>,
) -> Option<Vec<String>> {
    let platforms: BTreeSet<Platform> = node_pools.map(NodePool::platform).collect();
    let mut refusals = platforms
        .into_iter()
        .map(|platform| unsupported(revision, platform));
    let first = refusals.next()??;
    refusals.all(|refusal| refusal.is_some()).then_some(first)
}

/// Returns the lines that say which other pool would give the pod a node, and what its own lacks.
fn remedy(revision: &Revision<'_>, outlook: &Outlook<'_>) -> Option<Vec<String>> {
    let policy = &revision.snapshot.policy;
    let catalogue = &revision.snapshot.catalogue;
    let own = revision.decision.pool?;
    let label = asking_label(policy)?;
    let gives_node = |name: &Arc<str>| {
        let node_pool = catalogue.get(name);
        node_pool.is_some_and(|node_pool| outlook.would_make_node(node_pool))
    };
    let mut others = policy
        .pools()
        .iter()
        .filter(|pool| pool.name != own.name && pool.is_open_to(revision.namespace.labels));
    let other = others.find(|pool| pool.all_node_pools().any(gives_node))?;
    let mut of_own = own.all_node_pools().filter_map(|name| catalogue.get(name));
    let disagreement = of_own.find_map(|node_pool| outlook.disagreement(node_pool));
    let mut lines = match disagreement {
        Some((required, offered)) => vec![
            format!("the pod requires {required}"),
            format!("pool {} offers {offered} only", own.name),
        ],
        None => vec![format!("pool {} has a node for it", other.name)],
    };
    lines.push(format!("label it {label}: {}", other.name));
    Some(lines)
}

/// Returns the lines for a pod whose every alternative names node pools, none of which exists (R7.3).
fn misspelt(revision: &Revision<'_>) -> Option<Vec<String>> {
    let catalogue = &revision.snapshot.catalogue;
    let node_labels = catalogue.node_labels();
    let mut first = None;
    for alternative in revision.pod().spec.alternatives() {
        let mut asked = node_labels
            .iter()
            .flat_map(|label| alternative.on(label).map(move |asked| (*label, asked)));
        let (label, named) = asked.find(|(_, asked)| asked.operator == Operator::In)?;
        if named
            .values
            .iter()
            .any(|name| catalogue.get(name).is_some())
        {
            return None;
        }
        first.get_or_insert((label, named));
    }
    let (label, asked) = first?;
    let name = asked.values.first()?;
    let of_label = catalogue
        .iter()
        .filter(|node_pool| node_pool.node_label() == label);
    let names: Vec<&str> = of_label.map(|node_pool| &**node_pool.name()).collect();
    let remedy = match nearest(name, &names) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("there are {}", listed(names.into_iter())),
    };
    let field = revision.selection_field(label);
    Some(vec![
        format!("{:?} is no node pool", clipped(name)),
        remedy,
        format!("see {field}"),
    ])
}

/// Returns the reasons of the node pools that the pod names, or else of every one. Those of its pool come first.
fn reasons(revision: &Revision<'_>, outlook: &Outlook<'_>) -> Vec<String> {
    let spec = revision.pod().spec;
    let named = |node_pool: &&NodePool| {
        let name = node_pool.name();
        let mut alternatives = spec.alternatives().take(ALTERNATIVES);
        alternatives.any(|alternative| alternative.admits(node_pool.node_label(), name))
    };
    let all = &revision.snapshot.catalogue;
    let mut near: Vec<&NodePool> = all.iter().filter(named).collect();
    if near.is_empty() {
        near = all.iter().collect();
    }
    if let Some(pool) = revision.decision.pool {
        // The sort is stable, so the order by name stays within both groups.
        near.sort_by_key(|node_pool| !pool.has(node_pool.name()));
    }
    let rest = near.len().saturating_sub(NODE_POOLS);
    near.truncate(NODE_POOLS);
    let reasons = near
        .into_iter()
        .map(|node_pool| (node_pool, outlook.reason(node_pool)));
    let mut lines = grouped(reasons);
    if rest > 0 {
        lines.push(format!("and {rest} more node pools"));
    }
    lines
}

/// Returns one line for the node pools that share a reason, in the order of the first of each.
fn grouped<'n>(reasons: impl Iterator<Item = (&'n NodePool, Obstruction<'n>)>) -> Vec<String> {
    let mut groups: Vec<(Obstruction<'_>, Vec<&str>)> = Vec::new();
    for (node_pool, reason) in reasons {
        let name = &**node_pool.name();
        match groups.iter_mut().find(|(of, _)| of.is_like(&reason)) {
            Some((_, names)) => names.push(name),
            None => groups.push((reason, vec![name])),
        }
    }
    let lines = groups.into_iter().map(|(reason, names)| {
        let why = match (reason, names.as_slice()) {
            (Obstruction::Taint(taint), [_]) => format!("taint {taint} is not tolerated"),
            (Obstruction::Taint(taint), _) => format!("taint {} is not tolerated", taint.key),
            (Obstruction::Other(why), _) => why,
        };
        format!("{}: {why}", listed(names.into_iter()))
    });
    lines.collect()
}
