//! The pods of a workload on the two sides of a split pool.

use super::inventory::{Nodes, Spot};
use super::report::{Place, Then, Workload};

/// Takes so many pods out of some, for the node pools of another decision. Those that are there already are the first, and
/// those that are where their own decision sends them the last.
pub(super) fn taken(
    spots: &mut Vec<Spot>,
    mut pods: u64,
    (own, other): (&Then, &Then),
    nodes: &Nodes,
) -> Vec<Spot> {
    let is_at = |spot: &Spot, then: &Then| {
        place(spot, nodes).is_some_and(|place| stays(place, &then.node_pools))
    };
    let rank = |spot: &Spot| match (is_at(spot, other), is_at(spot, own)) {
        (true, _) => 0,
        (false, false) => 1,
        (false, true) => 2,
    };
    spots.sort_by_key(rank);
    let mut taken = Vec::new();
    for spot in spots.iter_mut() {
        let part = pods.min(spot.pods);
        if part == 0 {
            break;
        }
        let unplaced = spot.unplaced.min(part);
        taken.push(Spot {
            pods: part,
            unplaced,
            ..*spot
        });
        spot.pods -= part;
        spot.unplaced -= unplaced;
        pods -= part;
    }
    spots.retain(|spot| spot.pods > 0);
    taken
}

/// Returns for each place of a workload how many of its pods are where they would be, or are left alone.
pub(super) fn staying(workload: &Workload) -> impl Iterator<Item = u64> {
    let others = workload.other_side.as_ref().map(|other| &other.then);
    let most = workload.other_side.as_ref().map_or(0, |other| other.pods);
    let mut left = [workload.pods.saturating_sub(most), most];
    workload.now.iter().map(move |share| {
        if workload.then.pool.is_none() {
            return share.pods;
        }
        let decisions = [Some(&workload.then), others].into_iter().zip(&mut left);
        let stays =
            |then: Option<&Then>| then.is_some_and(|then| stays(&share.place, &then.node_pools));
        for (then, left) in decisions {
            if stays(then) {
                let staying = share.pods.min(*left);
                *left -= staying;
                return staying;
            }
        }
        0
    })
}

/// Returns the place of pods; one without a field if they wait, or nothing is known of their node.
pub(super) fn place<'n>(spot: &Spot, nodes: &'n Nodes) -> Option<&'n Place> {
    Some(&nodes.facts(spot.node?)?.place)
}

/// True if pods in a place are on one of these node pools.
pub(super) fn stays(place: &Place, node_pools: &[String]) -> bool {
    let node_pool = place.node_pool.as_ref();
    node_pool.is_some_and(|node_pool| node_pools.contains(node_pool))
}
