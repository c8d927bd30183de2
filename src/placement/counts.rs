//! The side of a split pool that a pod goes to, by the pods that its controller has already.

use crate::named::named;
use crate::policy::{Capacity, Split};

/// A controller whose pods berth counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner<'a> {
    /// The namespace, so that no pod of another namespace counts.
    pub namespace: &'a str,
    /// The controller's `uid`, as its pods name it.
    pub uid: &'a str,
}

/// The length of the longest `uid` that berth keeps, in bytes. Kubernetes' own have 36. Anybody can write a longer one into a
/// pod.
const LONGEST_UID: usize = 64;

impl<'a> Owner<'a> {
    /// Returns the controller of a pod. `None` if no controller can have such a `uid`.
    #[must_use]
    pub fn new(namespace: &'a str, uid: &'a str) -> Option<Self> {
        let may_be = (1..=LONGEST_UID).contains(&uid.len()) && namespace.len() <= LONGEST_UID;
        may_be.then_some(Self { namespace, uid })
    }
}

/// The pods that a pod's controller has already, as far as berth knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counts {
    /// These, and no others.
    Known(Siblings),
    /// berth does not know them, and draws a lot: a number below 100.
    Unknown(u8),
}

impl Default for Counts {
    /// Returns the counts of a controller without pods.
    fn default() -> Self {
        Self::Known(Siblings::default())
    }
}

impl Counts {
    /// Returns the counts of a controller that has made one pod after another, before the one at a position.
    #[must_use]
    pub fn before(position: u32, split: Split) -> Self {
        let before = |side| {
            let positions = split.positions(side);
            positions.take_while(|made| *made < position).collect()
        };
        Self::Known(Siblings {
            on_demand: before(Capacity::OnDemand),
            spot: before(Capacity::Spot),
        })
    }

    /// Returns the lot of a request: the same for each call with the same `uid`.
    #[must_use]
    pub fn lot(uid: &str) -> Self {
        // FNV-1a spreads texts evenly, and its result is the same on every machine.
        let hash = uid.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        // The upper bits depend on all bytes.
        let lot = (hash >> 32) % 100;
        Self::Unknown(u8::try_from(lot).unwrap_or_default())
    }
}

/// The pods of a controller on the two sides, each by its position. A list is sorted. A pod whose position is unknown
/// stands in it as 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Siblings {
    /// The pods on demand.
    pub on_demand: Vec<u32>,
    /// The pods on spot.
    pub spot: Vec<u32>,
}

impl Siblings {
    /// Returns as many pods, none of which has a known position.
    #[must_use]
    pub fn counted(on_demand: usize, spot: usize) -> Self {
        Self {
            on_demand: vec![0; on_demand],
            spot: vec![0; spot],
        }
    }

    /// Returns no pods for any controller, for a caller that counts none.
    #[must_use]
    pub fn none(_: Owner<'_>) -> Option<Self> {
        Some(Self::default())
    }

    fn side(&self, side: Capacity) -> &[u32] {
        match side {
            Capacity::OnDemand => &self.on_demand,
            Capacity::Spot => &self.spot,
        }
    }

    /// Returns the first position of a side that no pod has. A pod that replaces another takes its position so. Pods of
    /// unknown position count as the first.
    fn free(&self, side: Capacity, split: Split) -> Option<u32> {
        let pods = self.side(side);
        let unknown = pods.partition_point(|position| *position == 0);
        let mut taken = pods[unknown..].iter().copied().peekable();
        let mut free = split.positions(side).filter(|position| {
            while taken.next_if(|taken| taken < position).is_some() {}
            taken.peek() != Some(position)
        });
        free.nth(unknown)
    }
}

/// The position of a pod that belongs on no place of its side: behind all others, so that it goes first. A deletion cost holds
/// no later one.
const LAST: u32 = i32::MAX.unsigned_abs();

named! {
    /// The basis on which a pod got its side.
    pub enum Basis {
        /// The pod's own label says it.
        Label = "label",
        /// The pods that its controller has already.
        Counts = "counts",
        /// berth does not know those, and drew a lot.
        Lot = "lot",
    }
}

/// The side of a pod in a split pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assigned {
    /// The side.
    pub side: Capacity,
    /// The basis on which the pod got it.
    pub basis: Basis,
    /// The position of the pod among those of its controller. `None` if it is unknown.
    pub position: Option<u32>,
    /// The numbers of the split: the pool's, or the pod's own.
    pub split: Split,
}

impl Assigned {
    /// Returns the side of a pod whose label names one.
    pub(super) fn by_label(side: Capacity, split: Split) -> Self {
        Self {
            side,
            basis: Basis::Label,
            position: None,
            split,
        }
    }

    /// Returns the side of a controller's next pod.
    pub(super) fn next(counts: &Counts, split: Split) -> Self {
        match counts {
            Counts::Known(siblings) => {
                let side = split.next(count(&siblings.on_demand), count(&siblings.spot));
                Self::on(side, siblings, split)
            }
            Counts::Unknown(lot) => Self {
                side: if u32::from(*lot) < split.percentage() {
                    Capacity::OnDemand
                } else {
                    Capacity::Spot
                },
                basis: Basis::Lot,
                position: None,
                split,
            },
        }
    }

    /// Returns the other side, for a pod that cannot run on this one.
    pub(super) fn other(self, counts: &Counts) -> Self {
        let side = self.side.other();
        match counts {
            Counts::Known(siblings) => Self::on(side, siblings, self.split),
            Counts::Unknown(_) => Self { side, ..self },
        }
    }

    fn on(side: Capacity, siblings: &Siblings, split: Split) -> Self {
        // A side that never has so many pods gets one only while the other cannot take it.
        let position = siblings.free(side, split).unwrap_or(LAST);
        Self {
            side,
            basis: Basis::Counts,
            position: Some(position),
            split,
        }
    }
}

fn count(pods: &[u32]) -> u32 {
    u32::try_from(pods.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_that_replaces_another_takes_its_position() {
        let split = Split::new(2, 20).unwrap();
        let Counts::Known(mut siblings) = Counts::before(31, split) else {
            unreachable!("the counts are known");
        };
        assert_eq!((siblings.on_demand.len(), siblings.spot.len()), (8, 22));
        siblings.on_demand.retain(|position| *position != 2);
        let next = Assigned::next(&Counts::Known(siblings.clone()), split);
        assert_eq!((next.side, next.position), (Capacity::OnDemand, Some(2)));
        siblings.spot.retain(|position| *position != 9);
        siblings.on_demand.insert(0, 0);
        let next = Assigned::next(&Counts::Known(siblings), split);
        assert_eq!((next.side, next.position), (Capacity::Spot, Some(9)));
    }

    #[test]
    fn pods_of_unknown_position_count_as_the_first() {
        let split = Split::new(2, 20).unwrap();
        let counted = Counts::Known(Siblings::counted(3, 3));
        let next = Assigned::next(&counted, split);
        assert_eq!((next.side, next.position), (Capacity::Spot, Some(7)));
    }

    #[test]
    fn lots_have_the_odds_of_the_percentage() {
        for percentage in [1, 20, 50, 99] {
            let split = Split::new(5, percentage).unwrap();
            let lots = (0..10_000).map(|uid| Counts::lot(&format!("{uid:08x}-0000")));
            let sides = lots.map(|lot| Assigned::next(&lot, split).side);
            let on_demand = sides.filter(|side| *side == Capacity::OnDemand).count();
            let expected = usize::try_from(percentage).unwrap() * 100;
            let off = on_demand.abs_diff(expected);
            assert!(
                off < 50 + expected / 10,
                "{percentage}%: {on_demand} of 10,000"
            );
        }
    }
}
