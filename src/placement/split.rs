//! A pod in a split pool: the numbers of its split, its side, and the order in which it goes.

use super::counts::{Assigned, Counts};
use crate::encoding::wording::clipped;
use crate::names::{
    BASE_ANNOTATION, CAPACITY_LABEL, DELETION_COST_ANNOTATION, PERCENTAGE_ANNOTATION,
};
use crate::pod::{Metadata, Pod};
use crate::policy::{Capacity, OwnNumbers, Pool, Split};

/// Returns the side of a pool that the pod belongs on; `None` if the pool is not split.
///
/// # Errors
/// If the pod's own label names no side: the obstacle.
pub(super) fn side(
    pod: &Pod<'_>,
    pool: &Pool,
    counts: &Counts,
) -> Result<Option<Assigned>, String> {
    let Some(split) = split_of(pod.metadata, pool) else {
        return Ok(None);
    };
    if let Some(named) = pod.metadata.label(CAPACITY_LABEL) {
        let side = named.parse::<Capacity>().map_err(|_| {
            let named = clipped(named);
            format!("label {CAPACITY_LABEL}: {named:?} is neither on-demand nor spot")
        })?;
        return Ok(Some(Assigned::by_label(side, split)));
    }
    let alone = Counts::default();
    // A pod without a controller has no siblings.
    let counts = pod.controller.map_or(&alone, |_| counts);
    Ok(Some(Assigned::next(counts, split)))
}

/// Returns the split of a pod in a pool: the numbers of its annotations, and the pool's for those that are missing or wrong.
/// `None` if the pool is not split.
#[must_use]
pub fn split_of(metadata: &Metadata<'_>, pool: &Pool) -> Option<Split> {
    let of_pool = pool.on_demand.as_ref()?.split;
    let base = metadata.annotation(BASE_ANNOTATION);
    let percentage = metadata.annotation(PERCENTAGE_ANNOTATION);
    Some(OwnNumbers::read(base.as_deref(), percentage.as_deref()).or(of_pool))
}

/// Returns the deletion cost of a pod, if it gets one: the later its position, the sooner it goes. So a `ReplicaSet` that
/// shrinks keeps the split of as many pods.
pub(super) fn deletion_cost(pod: &Pod<'_>, assigned: Assigned) -> Option<String> {
    if pod.controller.is_none() || pod.metadata.has_annotation(DELETION_COST_ANNOTATION) {
        return None;
    }
    // The API server takes costs that fit into 32 bits.
    let position = i32::try_from(assigned.position?).ok()?;
    Some((-position).to_string())
}
