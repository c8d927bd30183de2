//! The preferences that a placement loses: Karpenter and the scheduler give up those that no node of it can meet.

use super::outlook::Outlook;
use super::revision::Revision;
use crate::encoding::wording::clipped;
use crate::label::{ARCH, Asked};
use crate::node::NodePool;
use crate::pod::{Alternative, PreferredTerm};

/// The most preferences of a pod that berth looks at.
const PREFERENCES: usize = 16;

/// Returns a line for each preference of a placed pod that no node pool of its placement meets.
#[must_use]
pub fn lost_preferences(revision: &Revision<'_>) -> Vec<String> {
    let decision = revision.decision;
    let preferred = revision.pod().spec.preferred().unwrap_or_default();
    if !decision.reason.is_placed() || preferred.is_empty() {
        return Vec::new();
    }
    let outlook = Outlook::of(revision);
    let is_lost = |term: &&PreferredTerm<'_>| {
        let mut node_pools = decision.node_pools.iter();
        !node_pools.any(|node_pool| outlook.meets_preference(node_pool, term))
    };
    let looked_at = preferred.iter().take(PREFERENCES);
    looked_at
        .filter(is_lost)
        .map(|term| line(revision, term))
        .collect()
}

fn line(revision: &Revision<'_>, term: &PreferredTerm<'_>) -> String {
    let preferred = term.preference.alone();
    let node_pools = &revision.decision.node_pools;
    let unmet = |key: &&str| {
        let mut node_pools = node_pools.iter();
        !node_pools.any(|node_pool| meets(revision, node_pool, preferred, key))
    };
    let weight = term.weight;
    match preferred.term_keys().find(unmet) {
        Some(key) => {
            let (named, asked) = (clipped(key), Asked::new(preferred.on(key)));
            format!("{named} {asked}, weight {weight}")
        }
        None => format!("the one of weight {weight}, which no node pool meets as a whole"),
    }
}

/// True if the node pool can make a node for the preference on this label, on an architecture of the placement.
fn meets(
    revision: &Revision<'_>,
    node_pool: &NodePool,
    preferred: Alternative<'_>,
    key: &str,
) -> bool {
    let mut alternatives = revision.pod().spec.alternatives();
    let mut architectures = revision.decision.architectures.iter();
    alternatives.any(|alternative| {
        let asked = alternative.on(key).chain(preferred.on(key));
        node_pool.can_meet_preference(key, asked)
    }) && (key != ARCH
        || architectures.any(|name| node_pool.offers(name) && preferred.admits(ARCH, name)))
}
