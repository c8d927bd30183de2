//! Remarks on a policy that berth accepts and that is surely not meant so.

use std::sync::Arc;

use super::effective::Policy;
use super::pool::{Pool, Side};
use super::unreached::unreached;
use crate::encoding::field::FieldError;
use crate::node::Catalogue;

/// The most names of node pools that a remark gives.
const NAMED: usize = 4;

/// Returns the rules that no pod reaches, and the pools that have no node pool among those that berth knows. The paths
/// begin with `spec`.
#[must_use]
pub fn remarks(policy: &Policy, catalogue: &Catalogue) -> Vec<FieldError> {
    unreached_rules(policy)
        .chain(without_node_pools(policy, catalogue))
        .collect()
}

/// Returns a remark on each pool, or side of a pool, that has no node pool among those that berth knows.
pub fn without_node_pools<'p>(
    policy: &'p Policy,
    catalogue: &'p Catalogue,
) -> impl Iterator<Item = FieldError> + 'p {
    unavailable(policy, catalogue).map(|(position, side)| {
        let mut others = side.pool.all_node_pools();
        let consequence = if others.any(|name| catalogue.lasting(name).is_some()) {
            "all its pods go to the other side"
        } else {
            "its pods run wherever they fit"
        };
        let message = format!(
            "{side}: the cluster has no node pool of it ({}), and {consequence}; apply its node pools, or name others",
            names(side.node_pools())
        );
        let error = side.error(message);
        error.in_item(position).in_field("pools").in_field("spec")
    })
}

/// Returns a remark on each rule that no pod reaches.
pub fn unreached_rules(policy: &Policy) -> impl Iterator<Item = FieldError> {
    unreached(policy).map(|found| {
        let message = format!(
            "rule {:?} is never reached: rule {:?} before it takes all its pods; move it up, or remove it",
            &*found.rule.name, &*found.hidden_by.name
        );
        let error = FieldError::new(message).in_item(found.position);
        error.in_field("rules").in_field("spec")
    })
}

/// Returns the pools, or sides of pools, of which berth knows no node pool, each with the pool's position in the policy from
/// 0.
fn unavailable<'p>(
    policy: &'p Policy,
    catalogue: &'p Catalogue,
) -> impl Iterator<Item = (usize, Side<'p>)> {
    let pools = policy.pools().iter().enumerate();
    let sides = pools.flat_map(|(position, pool)| pool.sides().map(move |side| (position, side)));
    sides.filter(|(_, side)| {
        let mut names = side.node_pools().iter();
        !names.any(|name| catalogue.lasting(name).is_some())
    })
}

/// Returns the pools of which some node pools are not there, each with its position in the policy from 0 and the names of
/// those.
pub fn missing<'p>(
    policy: &'p Policy,
    is_there: impl Fn(&str) -> bool + 'p,
) -> impl Iterator<Item = (usize, &'p Pool, Vec<&'p str>)> + 'p {
    let pools = policy.pools().iter().map(AsRef::as_ref).enumerate();
    pools.filter_map(move |(position, pool)| {
        let names = pool.all_node_pools().map(|name| &**name);
        let missing: Vec<&str> = names.filter(|name| !is_there(name)).collect();
        (!missing.is_empty()).then_some((position, pool, missing))
    })
}

/// Returns the first of these names of node pools, and the number of the others.
fn names(node_pools: &[Arc<str>]) -> String {
    let first: Vec<&str> = node_pools.iter().take(NAMED).map(|name| &**name).collect();
    match node_pools.len() - first.len() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
