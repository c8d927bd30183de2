//! The division of a workload's pods between the two sides of a split pool.

use serde_json::Value;

use crate::admission::Judged;
use crate::placement::{Basis, Decision};
use crate::policy::{Capacity, Split};

/// The pods of a workload that says nothing of their number, as an example.
const EXAMPLE: u32 = 10;
/// The most ranges of positions that are told.
const RANGES: usize = 6;
/// The most positions that are looked at.
const POSITIONS: u32 = 10_000;

/// The division of the pods of a template.
#[derive(Debug)]
pub(in crate::cli) struct Division<'p> {
    /// The numbers of the split: the pool's, or the template's own.
    pub(in crate::cli) split: Split,
    /// The number of pods that the object asks for; `None` if it does not say.
    pods: Option<u32>,
    /// The decision for the first pod of the other side; `None` if no pod goes there.
    pub(in crate::cli) other: Option<Decision<'p>>,
    /// The side that all pods go to, since no node pool of the other takes them.
    pub(in crate::cli) all_to: Option<Capacity>,
}

impl<'p> Division<'p> {
    /// Returns the division of an object's pods; `None` if the pool is not split, or if their label names the side. `other` is
    /// the judgement of the first pod of the other side.
    pub(super) fn of(
        decision: &Decision<'p>,
        other: Option<&Judged<'_, 'p>>,
        pods: Option<u32>,
    ) -> Option<Self> {
        let assigned = decision.assigned?;
        let other = other.map(|judged| judged.decision.clone());
        let side_of = |other: &Decision<'p>| other.assigned.map(|assigned| assigned.side);
        // The other side has given way.
        let all_to = other.as_ref().and_then(side_of);
        let all_to = all_to.filter(|side| *side == assigned.side);
        (assigned.basis != Basis::Label).then_some(Self {
            split: assigned.split,
            pods,
            other: other.filter(|_| all_to.is_none()),
            all_to,
        })
    }

    /// Returns the sides that pods go to, that on demand first, each with the decision for its first pod. `first` is the
    /// decision for the first of all.
    pub(in crate::cli) fn sides<'d>(
        &'d self,
        first: &'d Decision<'p>,
    ) -> Vec<(Capacity, &'d Decision<'p>)> {
        let side = |decision: &'d Decision<'p>| Some((decision.assigned?.side, decision));
        let decisions = [Some(first), self.other.as_ref()].into_iter().flatten();
        let mut sides: Vec<_> = decisions.filter_map(side).collect();
        sides.sort_by_key(|(side, _)| *side == Capacity::Spot);
        sides
    }

    /// Returns the number of pods on demand and on spot; `None` if the object does not say how many pods it asks for.
    pub(super) fn counts(&self) -> Option<(u32, u32)> {
        self.pods.map(|pods| self.counts_of(pods))
    }

    fn counts_of(&self, pods: u32) -> (u32, u32) {
        let on_demand = match self.all_to {
            Some(Capacity::OnDemand) => pods,
            Some(Capacity::Spot) => 0,
            None => self.split.on_demand_of(pods),
        };
        (on_demand, pods - on_demand)
    }

    /// Returns the split in words: `the first 2 and 20% of the others on demand: of 20 pods 6 on demand, 14 on spot`.
    pub(super) fn in_words(&self) -> String {
        let rule = rule_of(self.split);
        if let Some(side) = self.all_to {
            let other = side.other();
            return format!(
                "{rule}; but all go to {side}, since no node pool of {other} takes them"
            );
        }
        let pods = self.pods.unwrap_or(EXAMPLE);
        let noun = if pods == 1 { "pod" } else { "pods" };
        let (on_demand, spot) = self.counts_of(pods);
        format!("{rule}: of {pods} {noun} {on_demand} on demand, {spot} on spot")
    }

    /// Returns the positions of a side in words: `pods 1-3, 8, 13, ...`.
    pub(super) fn positions(&self, side: Capacity) -> String {
        let most = self.pods.unwrap_or(EXAMPLE);
        let first = self.split.positions(side).next();
        if let Some(first) = first.filter(|first| *first > most) {
            return format!("none yet; pod {first} would be the first");
        }
        let positions = self.split.positions(side);
        let positions = positions.take_while(|position| *position <= most.min(POSITIONS));
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        let mut is_whole = most <= POSITIONS && self.pods.is_some();
        for position in positions {
            if let Some((_, last)) = ranges.last_mut()
                && *last + 1 == position
            {
                *last = position;
            } else if ranges.len() < RANGES {
                ranges.push((position, position));
            } else {
                is_whole = false;
                break;
            }
        }
        let ranges = ranges.iter().map(|(first, last)| match last - first {
            0 => first.to_string(),
            1 => format!("{first}, {last}"),
            _ => format!("{first}-{last}"),
        });
        let mut words: Vec<String> = ranges.collect();
        if !is_whole {
            words.push("...".to_owned());
        }
        format!("pods {}", words.join(", "))
    }
}

/// Returns the numbers of a split in words.
pub(super) fn rule_of(split: Split) -> String {
    match (split.base(), split.percentage()) {
        (0, 0) => "none on demand".to_owned(),
        (_, 100) => "all on demand".to_owned(),
        (1, 0) => "the first on demand".to_owned(),
        (base, 0) => format!("the first {base} on demand"),
        (0, percentage) => format!("{percentage}% on demand"),
        (1, percentage) => format!("the first and {percentage}% of the others on demand"),
        (base, percentage) => format!("the first {base} and {percentage}% of the others on demand"),
    }
}

/// Returns the number of pods that an object asks for at once; `None` if it does not say, as where an autoscaler does.
pub(super) fn pods_of(object: &Value) -> Option<u32> {
    let places = [
        "/spec/replicas",
        "/spec/parallelism",
        "/spec/jobTemplate/spec/parallelism",
    ];
    let number = places.iter().find_map(|place| object.pointer(place))?;
    u32::try_from(number.as_u64()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn division(base: u32, percentage: u32, pods: Option<u32>) -> Division<'static> {
        Division {
            split: Split::new(base, percentage).unwrap(),
            pods,
            other: None,
            all_to: None,
        }
    }

    #[test]
    fn positions_are_told_as_ranges() {
        for (base, percentage, pods, on_demand, spot) in [
            (
                2,
                20,
                Some(20),
                "pods 1-3, 8, 13, 18",
                "pods 4-7, 9-12, 14-17, 19, 20",
            ),
            (
                2,
                20,
                Some(3),
                "pods 1-3",
                "none yet; pod 4 would be the first",
            ),
            (2, 20, None, "pods 1-3, 8, ...", "pods 4-7, 9, 10, ..."),
            (
                2,
                20,
                Some(50),
                "pods 1-3, 8, 13, 18, 23, 28, ...",
                "pods 4-7, 9-12, 14-17, 19-22, 24-27, 29-32, ...",
            ),
            (
                3,
                0,
                Some(2),
                "pods 1, 2",
                "none yet; pod 4 would be the first",
            ),
            (
                100_000,
                0,
                Some(4_000_000_000),
                "pods 1-10000, ...",
                "pods ...",
            ),
        ] {
            let division = division(base, percentage, pods);
            let sides = [Capacity::OnDemand, Capacity::Spot].map(|side| division.positions(side));
            assert_eq!(sides, [on_demand, spot], "{base} {percentage} {pods:?}");
        }
    }

    #[test]
    fn a_split_is_told_by_what_it_does() {
        for (base, percentage, words) in [
            (0, 0, "none on demand: of 20 pods 0 on demand, 20 on spot"),
            (5, 100, "all on demand: of 20 pods 20 on demand, 0 on spot"),
            (
                2,
                0,
                "the first 2 on demand: of 20 pods 2 on demand, 18 on spot",
            ),
            (0, 25, "25% on demand: of 20 pods 5 on demand, 15 on spot"),
            (
                2,
                20,
                "the first 2 and 20% of the others on demand: of 20 pods 6 on demand, 14 on spot",
            ),
        ] {
            assert_eq!(division(base, percentage, Some(20)).in_words(), words);
        }
    }
}
