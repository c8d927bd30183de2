//! The outline of a policy: its pools, with the one for pods that ask for nothing and the one for Jobs.

use super::candidates::{ARCHITECTURES, Candidates, LeftOut};
use super::group::{Capacity, Group};
use super::naming::free;
use crate::node::State;

/// The most node pools of a pool, and the most pools of a policy.
const MOST: (usize, usize) = (32, 64);

/// The parts of a policy that depend on the node pools.
#[derive(Debug)]
pub(super) struct Outline<'c> {
    /// The architectures that the node pools offer, the default one first.
    pub(super) architectures: Vec<&'static str>,
    pub(super) pools: Vec<PoolOutline<'c>>,
    /// The name of the pool for pods that ask for nothing; `None` if every node pool is tainted.
    pub(super) default: Option<String>,
    /// The name of the pool for Jobs; `None` if no node pool says that it is for them.
    pub(super) batch: Option<String>,
    /// True if some node pool offers on-demand capacity alone.
    pub(super) has_on_demand: bool,
    pub(super) left_out: Vec<LeftOut<'c>>,
    /// The node pools beyond the most that a policy can name.
    pub(super) beyond: Vec<&'c str>,
}

/// A pool, and what its author has to know of it.
#[derive(Debug)]
pub(super) struct PoolOutline<'c> {
    pub(super) name: String,
    pub(super) group: Group<'c>,
    /// Sentences about what could not be known.
    pub(super) remarks: Vec<String>,
}

impl<'c> Outline<'c> {
    /// Makes the outline of a policy over node pools, of which there is at least one.
    pub(super) fn of(candidates: Candidates<'c>) -> Self {
        let Candidates { usable, left_out } = candidates;
        let mut groups = Group::all(&usable);
        let mut beyond = Vec::new();
        for group in &mut groups {
            let kept = group.node_pools.len().min(MOST.0);
            let others = group.node_pools.split_off(kept);
            beyond.extend(others.into_iter().map(|node_pool| &**node_pool.name()));
        }
        let default = default_group(&groups);
        let others = untainted_besides(&groups, default);
        let batch = batch_group(&groups, default);
        let mut order: Vec<usize> = default.into_iter().collect();
        order.extend(
            (0..groups.len()).filter(|index| Some(*index) != default && Some(*index) != batch),
        );
        order.extend(batch);
        let architectures = architectures(&groups, default);
        let mut groups: Vec<Option<Group<'c>>> = groups.into_iter().map(Some).collect();
        let mut outline = Self {
            architectures,
            pools: Vec::new(),
            default: None,
            batch: None,
            has_on_demand: false,
            left_out,
            beyond,
        };
        for index in order {
            let Some(group) = groups[index].take() else {
                continue;
            };
            if outline.pools.len() == MOST.1 {
                let names = group.node_pools.iter();
                outline
                    .beyond
                    .extend(names.map(|node_pool| &**node_pool.name()));
                continue;
            }
            outline.has_on_demand |= group.capacity == Capacity::OnDemand;
            let wanted = wanted_name(&group, Some(index) == default, Some(index) == batch);
            let taken: Vec<String> = outline.pools.iter().map(|pool| pool.name.clone()).collect();
            let name = free(&wanted, &taken);
            if Some(index) == default {
                outline.default = Some(name.clone());
            } else if Some(index) == batch {
                outline.batch = Some(name.clone());
            }
            let mut remarks = states(&group);
            if Some(index) == default {
                remarks.splice(0..0, others.clone());
            }
            outline.pools.push(PoolOutline {
                name,
                group,
                remarks,
            });
        }
        outline
    }
}

fn wanted_name(group: &Group<'_>, is_default: bool, is_batch: bool) -> String {
    match (is_default, is_batch) {
        (true, _) => "default".to_owned(),
        (false, true) => "batch".to_owned(),
        (false, false) => {
            let stem = group.stem();
            stem.unwrap_or_else(|| group.capacity.name().to_owned())
        }
    }
}

/// Returns the group for pods that ask for nothing: no taint keeps them off, and spot comes first. One that says that it
/// is for Jobs is taken only if there is no other.
fn default_group(groups: &[Group<'_>]) -> Option<usize> {
    let untainted = |index: &usize| !groups[*index].is_tainted();
    (0..groups.len()).filter(untainted).min_by_key(|index| {
        let group = &groups[*index];
        let is_there = group
            .node_pools
            .iter()
            .any(|node_pool| node_pool.state() != State::Unready);
        let count = group.node_pools.len();
        (
            group.is_for_jobs,
            !is_there,
            group.capacity,
            usize::MAX - count,
            *index,
        )
    })
}

/// Returns the group for Jobs, the one with a taint first: its nodes have nothing else on them.
fn batch_group(groups: &[Group<'_>], default: Option<usize>) -> Option<usize> {
    let fits = |index: &usize| groups[*index].is_for_jobs && Some(*index) != default;
    (0..groups.len())
        .filter(fits)
        .min_by_key(|index| (!groups[*index].is_tainted(), *index))
}

/// Says which other groups pods that ask for nothing could go to.
fn untainted_besides(groups: &[Group<'_>], default: Option<usize>) -> Option<String> {
    let others = (0..groups.len()).filter(|index| Some(*index) != default);
    let others = others.filter(|index| !groups[*index].is_tainted());
    let named: Vec<String> = others
        .map(|index| {
            format!(
                "{} ({})",
                groups[index].names().join(", "),
                groups[index].capacity
            )
        })
        .collect();
    if named.is_empty() {
        None
    } else {
        let named = named.join("; ");
        Some(format!(
            "Not the only ones without a taint: see {named} below."
        ))
    }
}

/// Returns a sentence about the node pools that make no node now.
fn states(group: &Group<'_>) -> Vec<String> {
    let node_pools = group.node_pools.iter();
    let obstructed = node_pools.filter_map(|node_pool| {
        let obstacle = node_pool.state().obstacle()?;
        Some(format!("{} {obstacle}.", node_pool.name()))
    });
    obstructed.collect()
}

/// Returns the architectures that the node pools offer, first the one that most of those for pods that ask for nothing
/// offer, and amd64 at a tie.
fn architectures(groups: &[Group<'_>], default: Option<usize>) -> Vec<&'static str> {
    let count = |name: &str, groups: &[Group<'_>]| {
        let node_pools = groups.iter().flat_map(|group| &group.node_pools);
        node_pools
            .filter(|node_pool| node_pool.offers(name))
            .count()
    };
    let of_default = default.map_or(groups, |index| &groups[index..=index]);
    let offered = ARCHITECTURES.iter().copied();
    let mut offered: Vec<&str> = offered.filter(|name| count(name, groups) > 0).collect();
    offered.sort_by_key(|name| usize::MAX - count(name, of_default));
    offered
}
