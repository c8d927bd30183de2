//! The split of a pool: of each controller's pods, how many belong on demand and how many on spot.
//!
//! The words and the arithmetic are those of EC2 Auto Scaling's mixed instances policy. Pods are numbered as they are
//! created, from 1. The number is the pod's *position*.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::named::named;

named! {
    /// A side of a split.
    #[derive(Deserialize, Serialize)]
    pub enum Capacity {
        /// The node pools under `onDemand`.
        OnDemand = "on-demand",
        /// The pool's own node pools.
        Spot = "spot",
    }
}

impl Capacity {
    /// Returns the other side.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::OnDemand => Self::Spot,
            Self::Spot => Self::OnDemand,
        }
    }
}

/// The on-demand side of a pool.
#[derive(Debug, Clone)]
pub struct OnDemand {
    /// The names of its node pools, in the policy's order.
    pub node_pools: Vec<Arc<str>>,
    /// The split of a workload that names no numbers of its own.
    pub split: Split,
}

/// The numbers of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    base: u32,
    percentage: u32,
}

/// The numbers that a workload sets for itself. Those that it does not set, or sets wrongly, are the pool's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OwnNumbers {
    base: Option<u32>,
    percentage: Option<u32>,
}

impl OwnNumbers {
    /// Reads the values of the two annotations.
    #[must_use]
    pub fn read(base: Option<&str>, percentage: Option<&str>) -> Self {
        let number = |value: Option<&str>, most: u32| {
            let number = value?.parse().ok();
            number.filter(|number| *number <= most)
        };
        Self {
            base: number(base, Split::MOST_BASE),
            percentage: number(percentage, Split::MOST_PERCENTAGE),
        }
    }

    /// Returns the split of the workload in a pool.
    #[must_use]
    pub fn or(self, of_pool: Split) -> Split {
        Split {
            base: self.base.unwrap_or(of_pool.base),
            percentage: self.percentage.unwrap_or(of_pool.percentage),
        }
    }
}

impl Split {
    /// The largest base.
    pub const MOST_BASE: u32 = 100_000;
    /// The largest percentage.
    pub const MOST_PERCENTAGE: u32 = 100;

    /// Returns the split with a base, in pods, and a percentage of the pods above it. `None` if one exceeds its bound.
    #[must_use]
    pub fn new(base: u32, percentage: u32) -> Option<Self> {
        let valid = base <= Self::MOST_BASE && percentage <= Self::MOST_PERCENTAGE;
        valid.then_some(Self { base, percentage })
    }

    /// Returns the number of a controller's first pods that belong on demand.
    #[must_use]
    pub fn base(self) -> u32 {
        self.base
    }

    /// Returns the percentage of a controller's other pods that belong on demand.
    #[must_use]
    pub fn percentage(self) -> u32 {
        self.percentage
    }

    /// Returns how many of a controller's pods belong on demand: the base, and the percentage of the others, rounded up.
    #[must_use]
    pub fn on_demand_of(self, pods: u32) -> u32 {
        let above = u64::from(pods.saturating_sub(self.base));
        let share = (above * u64::from(self.percentage)).div_ceil(100);
        self.base.min(pods) + u32::try_from(share).unwrap_or(u32::MAX)
    }

    /// Returns how many of a controller's pods belong on a side.
    #[must_use]
    pub fn pods_on(self, side: Capacity, pods: u32) -> u32 {
        let on_demand = self.on_demand_of(pods);
        match side {
            Capacity::OnDemand => on_demand,
            Capacity::Spot => pods - on_demand,
        }
    }

    /// Returns the side of the next pod of a controller that has so many already.
    #[must_use]
    pub fn next(self, on_demand: u32, spot: u32) -> Capacity {
        let pods = on_demand.saturating_add(spot).saturating_add(1);
        if on_demand < self.on_demand_of(pods) {
            Capacity::OnDemand
        } else {
            Capacity::Spot
        }
    }

    /// Returns the side of the pod at a position, if the pods are created one after another.
    #[must_use]
    pub fn side_of(self, position: u32) -> Capacity {
        let before = position.saturating_sub(1);
        let on_demand = self.on_demand_of(before);
        self.next(on_demand, before - on_demand)
    }

    /// Returns the positions of a side, in order, if the pods are created one after another.
    pub fn positions(self, side: Capacity) -> impl Iterator<Item = u32> {
        (1..).map_while(move |number| self.position(side, number))
    }

    /// Returns the position of a side's pod, by its number within the side from 1. `None` if the side never has so many.
    fn position(self, side: Capacity, number: u64) -> Option<u32> {
        let (base, share) = (u64::from(self.base), u64::from(self.percentage));
        let position = match side {
            Capacity::OnDemand if number <= base => number,
            // The share of the pods above the base, rounded up, reaches `beyond` with this one.
            Capacity::OnDemand => {
                let beyond = number - base;
                base + ((beyond - 1) * 100).checked_div(share)? + 1
            }
            Capacity::Spot if share == 100 => return None,
            Capacity::Spot => base + (number * 100).div_ceil(100 - share),
        };
        u32::try_from(position).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_base_of_two_and_a_fifth_of_the_others() {
        let split = Split::new(2, 20).unwrap();
        let on_demand = [0, 1, 2, 3, 5, 7, 8, 10, 20, 30].map(|pods| split.on_demand_of(pods));
        assert_eq!(on_demand, [0, 1, 2, 3, 3, 3, 4, 4, 6, 8]);
        let first = |side| split.positions(side).take(5).collect::<Vec<_>>();
        assert_eq!(first(Capacity::OnDemand), [1, 2, 3, 8, 13]);
        assert_eq!(first(Capacity::Spot), [4, 5, 6, 7, 9]);
    }

    #[test]
    fn a_side_that_gets_nothing_has_no_positions() {
        let all = Split::new(0, 100).unwrap();
        assert_eq!(all.positions(Capacity::Spot).next(), None);
        let base_alone = Split::new(3, 0).unwrap();
        assert_eq!(base_alone.positions(Capacity::OnDemand).count(), 3);
        assert_eq!(Split::new(0, 101), None);
        assert_eq!(Split::new(Split::MOST_BASE + 1, 0), None);
    }

    proptest! {
        /// Pods that are created one after another give the asked number after each of them, and each position is that
        /// of the side that its pod goes to.
        #[test]
        fn one_by_one_the_split_is_exact(base in 0_u32..40, percentage in 0_u32..=100) {
            let split = Split::new(base, percentage).unwrap();
            let (mut on_demand, mut spot) = (0, 0);
            let sides = [Capacity::OnDemand, Capacity::Spot];
            let mut positions = sides.map(|side| split.positions(side));
            for position in 1..200 {
                let side = split.next(on_demand, spot);
                prop_assert_eq!(side, split.side_of(position));
                match side {
                    Capacity::OnDemand => on_demand += 1,
                    Capacity::Spot => spot += 1,
                }
                let of_side = &mut positions[usize::from(side == Capacity::Spot)];
                prop_assert_eq!(of_side.next(), Some(position));
                let asked = base.min(position)
                    + (position.saturating_sub(base) * percentage).div_ceil(100);
                prop_assert_eq!(on_demand, asked.min(position));
            }
        }
    }
}
