//! The check `unschedulable`: no node pool of the catalogue fits, by the rules of Karpenter (R7.5).

use super::contradiction::contradiction;
use super::karpenter::unsupported;
use super::reach::{Nodes, Reach};
use super::revision::Revision;
use super::wording::{clipped, listed, nearest};
use crate::node::label::ARCH;
use crate::node::{Asked, NodePool, Operator, Taint, ValueSet};
use crate::placement::Reason;
use crate::pod::PreferredTerm;
use crate::policy::{Action, Mode};

/// The most node pools that get a line with a reason.
const NODE_POOLS: usize = 16;
/// The most alternatives of a pod in which berth looks for the node pools that they name.
const ALTERNATIVES: usize = 64;

/// Reports a pod that no node pool of the catalogue fits, with the reasons.
pub(super) fn unschedulable(revision: &Revision<'_>) -> Vec<String> {
    let decision = revision.decision;
    let catalogue = &revision.snapshot.catalogue;
    if catalogue.is_empty() || decision.reason.runs_elsewhere() {
        return Vec::new();
    }
    // Another provisioner than Karpenter may support these selectors.
    let unsupported = if catalogue.iter().any(NodePool::is_karpenters) {
        unsupported(revision)
    } else {
        None
    };
    let is_ruled_out = |node_pool: &NodePool| unsupported.is_some() && node_pool.is_karpenters();
    // The decision chose the node pools because they fit. If the mutating side missed the pod, `not-placed` reports it.
    let placed = decision.reason == Reason::AlreadyPlaced
        || (decision.reason == Reason::Placed && decision.mode == Mode::Enforce);
    let reach = Reach::of(revision, Nodes::New);
    let preference = revision.pod().spec.heaviest_preference();
    let fits = |node_pool: &NodePool| {
        !is_ruled_out(node_pool) && fits(revision, &reach, preference.as_ref(), node_pool)
    };
    let mut chosen = decision.node_pools.iter().copied();
    let is_fine = if placed {
        !chosen.any(is_ruled_out)
    } else {
        catalogue.iter().any(fits)
    };
    if is_fine {
        return Vec::new();
    }
    // The check `contradiction` says more about the pod, and one of the two is enough.
    let contradicts = revision.snapshot.policy.validation.contradiction != Action::Off
        && !contradiction(revision).is_empty();
    if contradicts {
        return Vec::new();
    }
    unsupported
        .or_else(|| misspelt(revision))
        .unwrap_or_else(|| reasons(revision, &reach))
}

/// True if Karpenter would make a node of the node pool for the pod, or if the budget runs out.
///
/// For every term but the last, Karpenter requires the heaviest preference, and treats a `PreferNoSchedule` taint as a
/// hard one.
fn fits(
    revision: &Revision<'_>,
    reach: &Reach<'_>,
    preference: Option<&PreferredTerm<'_>>,
    node_pool: &NodePool,
) -> bool {
    let taint = untolerated(revision, node_pool);
    if taint.is_some_and(Taint::is_hard) {
        return false;
    }
    let preferred = preference.map(|preferred| preferred.preference.alone());
    let fits = revision
        .pod()
        .spec
        .attempts()
        .any(|(alternative, others_follow)| {
            let is_preferred = || {
                taint.is_none()
                    && preferred.is_none_or(|preferred| {
                        reach.preference_allows(node_pool, alternative, preferred)
                    })
            };
            reach.allows_by(node_pool, alternative) && (!others_follow || is_preferred())
        });
    fits || reach.is_exhausted()
}

/// Returns a taint of the node pool that the pod does not tolerate: a hard one if there is one.
fn untolerated<'n>(revision: &Revision<'_>, node_pool: &'n NodePool) -> Option<&'n Taint> {
    let spec = revision.pod().spec;
    let untolerated = |taint: &&Taint| !spec.tolerates(taint);
    let hard = node_pool.hard_taints().find(untolerated);
    hard.or_else(|| node_pool.taints().iter().find(untolerated))
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

/// Returns one line with a reason for each node pool that the pod names, or else for every one. Those of its pool come
/// first.
fn reasons(revision: &Revision<'_>, reach: &Reach<'_>) -> Vec<String> {
    let spec = revision.pod().spec;
    let named = |node_pool: &&NodePool| {
        let name = node_pool.name();
        let mut alternatives = spec.alternatives().take(ALTERNATIVES);
        alternatives.any(|alternative| alternative.admits(node_pool.node_label(), name))
    };
    let all = revision.snapshot.catalogue.iter();
    let mut near: Vec<&NodePool> = all.clone().filter(named).collect();
    if near.is_empty() {
        near = all.collect();
    }
    if let Some(pool) = revision.decision.pool {
        // The sort is stable, so the order by name stays within both groups.
        near.sort_by_key(|node_pool| !pool.node_pools.contains(node_pool.name()));
    }
    let rest = near.len().saturating_sub(NODE_POOLS);
    near.truncate(NODE_POOLS);
    let mut lines: Vec<String> = near
        .into_iter()
        .map(|node_pool| {
            format!(
                "{}: {}",
                node_pool.name(),
                reason(revision, reach, node_pool)
            )
        })
        .collect();
    if rest > 0 {
        lines.push(format!("and {rest} more"));
    }
    lines
}

/// Returns the reason for which a node pool does not fit: a taint before a label, in the order of Karpenter (R7.5).
fn reason(revision: &Revision<'_>, reach: &Reach<'_>, node_pool: &NodePool) -> String {
    let taint = untolerated(revision, node_pool);
    let not_tolerated = |taint| format!("taint {taint} is not tolerated");
    if let Some(taint) = taint.filter(|taint| taint.is_hard()) {
        return not_tolerated(taint);
    }
    let Some((key, alternative)) = reach.obstacle(node_pool) else {
        let fits_a_term = revision.pod().spec.alternatives().next().is_some();
        let why = if fits_a_term {
            "Karpenter requires the pod's heaviest preference, which excludes it"
        } else {
            "matches none of the pod's terms"
        };
        return taint.map_or_else(|| why.to_owned(), not_tolerated);
    };
    let asked = Asked::new(alternative.on(key));
    let added = reach.added(alternative);
    let allowed = if key == ARCH && !added.is_empty() {
        format!("[{}]", added.join(", "))
    } else {
        asked.to_string()
    };
    let key = clipped(key);
    match node_pool.offered(key) {
        Some(offered) => match values(offered) {
            Some(values) => format!("needs {key} in [{values}], pod allows {allowed}"),
            None => format!("needs {key} {offered}, pod allows {allowed}"),
        },
        None if asked.excludes_every_value() => {
            format!("its nodes have the label {key}, pod allows {allowed}")
        }
        None => format!("its nodes have no label {key}, pod allows {allowed}"),
    }
}

/// Returns the values of a set that lists some.
fn values(offered: &ValueSet) -> Option<String> {
    let values = offered.values()?;
    if values.len() > 0 {
        Some(listed(values))
    } else {
        None
    }
}
