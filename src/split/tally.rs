//! The pods of the split pools in numbers: those that are there, and those that the splits ask for.

use std::sync::Arc;

use super::state::State;
use crate::placement::Siblings;
use crate::policy::{Policy, Split};

/// The pods of one split pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolTally {
    /// The pool's name.
    pub pool: Arc<str>,
    /// The pods on demand.
    pub on_demand: u64,
    /// The pods on spot.
    pub spot: u64,
    /// The pods that belong on demand, of those that are there.
    pub asked_on_demand: u64,
    /// The pods that are on the wrong side.
    pub misplaced: u64,
}

impl PoolTally {
    fn add(&mut self, pods: &Siblings, split: Split) {
        let (on_demand, spot) = (pods.on_demand.len() as u64, pods.spot.len() as u64);
        let all = u32::try_from(on_demand + spot).unwrap_or(u32::MAX);
        // A template that names the side is its author's choice, and none of its pods has a position.
        let mut positions = pods.on_demand.iter().chain(&pods.spot);
        let asked = if positions.any(|position| *position > 0) {
            u64::from(split.on_demand_of(all))
        } else {
            on_demand
        };
        self.on_demand += on_demand;
        self.spot += spot;
        self.asked_on_demand += asked;
        self.misplaced += asked.abs_diff(on_demand);
    }
}

/// Returns the pods of each split pool, in the policy's order.
pub(super) fn tally(state: &State, policy: &Policy) -> Vec<PoolTally> {
    let pools = policy.pools().iter();
    let split = pools.filter_map(|pool| {
        let split = pool.on_demand.as_ref()?.split;
        let tally = PoolTally {
            pool: Arc::clone(&pool.name),
            on_demand: 0,
            spot: 0,
            asked_on_demand: 0,
            misplaced: 0,
        };
        Some((tally, split))
    });
    let mut tallies: Vec<(PoolTally, Split)> = split.collect();
    for (pods, asks) in state.owners() {
        let mut tallies = tallies.iter_mut();
        let found = tallies.find(|(tally, _)| *tally.pool == *asks.pool);
        if let Some((tally, of_pool)) = found {
            tally.add(pods, asks.numbers.or(*of_pool));
        }
    }
    tallies.into_iter().map(|(tally, _)| tally).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally_of(pods: &Siblings) -> (u64, u64) {
        let mut tally = PoolTally {
            pool: "web".into(),
            on_demand: 0,
            spot: 0,
            asked_on_demand: 0,
            misplaced: 0,
        };
        tally.add(
            pods,
            Split::new(2, 20).unwrap_or_else(|| unreachable!("in range")),
        );
        (tally.asked_on_demand, tally.misplaced)
    }

    #[test]
    fn what_an_author_chose_is_not_misplaced() {
        assert_eq!(tally_of(&Siblings::counted(10, 0)), (10, 0));
        let mut pods = Siblings::counted(0, 10);
        assert_eq!(tally_of(&pods), (0, 0));
        pods.spot[9] = 4;
        assert_eq!(tally_of(&pods), (4, 4));
    }
}
