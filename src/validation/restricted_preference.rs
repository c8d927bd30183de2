//! The check `restricted-preference`: a preference that makes the API server refuse the node of the pod (R7.13).
//!
//! Karpenter takes the heaviest preference for a requirement, and copies it into the NodeClaim without a look at its
//! labels. The API server refuses a NodeClaim that names a label of the platform's own domain. Karpenter then tries the
//! same again, and takes all pods with it that it has packed into that NodeClaim.

use crate::encoding::wording::clipped;
use crate::forecast::{Outlook, Revision};
use crate::node::NodePool;
use crate::placement::NewPreference;
use crate::pod::PreferredTerm;

/// Reports a preference that Karpenter would copy into a NodeClaim, and that names a label that a NodeClaim must not.
pub(super) fn restricted_preference(revision: &Revision<'_>) -> Vec<String> {
    let spec = revision.pod().spec;
    let preferred = spec.preferred().unwrap_or_default();
    if preferred.is_empty() || revision.decision.reason.runs_elsewhere() {
        return Vec::new();
    }
    let outlook = Outlook::of(revision);
    let decision = revision.decision;
    let node_pools: Vec<&NodePool> = if decision.reason.is_placed() {
        decision.node_pools.clone()
    } else {
        let all = revision.snapshot.catalogue.iter();
        all.filter(|node_pool| outlook.makes_node(node_pool))
            .collect()
    };
    // The preference that berth adds is one that the node pools meet.
    let own = decision.edits.preferred.as_ref();
    let least = own.map_or(0, |_| i64::from(NewPreference::WEIGHT));
    let mut by_weight: Vec<(usize, &PreferredTerm<'_>)> = preferred
        .iter()
        .enumerate()
        .filter(|(_, term)| term.weight >= least)
        .collect();
    by_weight.sort_by_key(|(_, term)| std::cmp::Reverse(term.weight));
    // Karpenter gives up a preference that no node pool meets, and takes the next one.
    let taken = by_weight.into_iter().find_map(|(position, term)| {
        let meeting = node_pools
            .iter()
            .filter(|node_pool| outlook.meets_preference(node_pool, term));
        let mut meeting = meeting.peekable();
        meeting.peek()?;
        let restricted = meeting.find_map(|node_pool| {
            let platform = node_pool.platform();
            let mut keys = term.preference.alone().term_keys();
            keys.find(|key| platform.restricts(key))
        });
        Some((position, restricted.map(str::to_owned)))
    });
    let Some((position, Some(key))) = taken else {
        return Vec::new();
    };
    let field = revision.field(&format!(
        "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[{position}]"
    ));
    vec![
        format!(
            "no node can come while the pod prefers by {}",
            clipped(&key)
        ),
        "the API server refuses the NodeClaim, and the pods that Karpenter packs with it wait too"
            .to_owned(),
        format!("remove {field}"),
    ]
}
