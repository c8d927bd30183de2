//! The decisions of the mutating side by mode and reason. Both are closed sets, so each pair has its place.

use std::array::from_fn;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::placement::Reason;
use crate::policy::Mode;

/// The number of decisions by mode and reason, each by its name. Those that have not happened are left out.
pub type Tally = BTreeMap<(&'static str, &'static str), u64>;

/// The decisions so far.
#[derive(Debug)]
pub(super) struct Decisions([[AtomicU64; Reason::ALL.len()]; Mode::ALL.len()]);

impl Default for Decisions {
    fn default() -> Self {
        Self(from_fn(|_| from_fn(|_| AtomicU64::new(0))))
    }
}

impl Decisions {
    /// Counts one more.
    pub(super) fn inc(&self, mode: Mode, reason: Reason) {
        self.of(mode, reason).fetch_add(1, Ordering::Relaxed);
    }

    /// Returns what has been counted.
    pub(super) fn tally(&self) -> Tally {
        let modes = Mode::ALL.iter().copied();
        let pairs = modes.flat_map(|mode| Reason::ALL.iter().map(move |reason| (mode, *reason)));
        let counts = pairs.map(|(mode, reason)| {
            let count = self.of(mode, reason).load(Ordering::Relaxed);
            ((mode.as_str(), reason.as_str()), count)
        });
        counts.filter(|(_, count)| *count > 0).collect()
    }

    fn of(&self, mode: Mode, reason: Reason) -> &AtomicU64 {
        &self.0[mode as usize][reason as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mode_and_each_reason_has_its_count() {
        let decisions = Decisions::default();
        assert_eq!(decisions.tally(), Tally::new());
        let mut expected = Tally::new();
        let mut count = 0;
        for mode in Mode::ALL.iter().copied() {
            for reason in Reason::ALL.iter().copied() {
                count += 1;
                for _ in 0..count {
                    decisions.inc(mode, reason);
                }
                expected.insert((mode.as_str(), reason.as_str()), count);
            }
        }
        assert_eq!(decisions.tally(), expected);
    }
}
