//! Sums of resources, of pods and of costs. A sum that no machine could hold stays at the largest.

use super::report::{Cost, Resources, Sum};

impl Resources {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            cpu_millis: self.cpu_millis.saturating_add(other.cpu_millis),
            memory_bytes: self.memory_bytes.saturating_add(other.memory_bytes),
        }
    }

    pub(super) fn times(self, number: u64) -> Self {
        Self {
            cpu_millis: self.cpu_millis.saturating_mul(number),
            memory_bytes: self.memory_bytes.saturating_mul(number),
        }
    }
}

impl Sum {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            pods: self.pods.saturating_add(other.pods),
            requests: self.requests.plus(other.requests),
        }
    }
}

impl Cost {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            now_low: self.now_low + other.now_low,
            now_high: self.now_high + other.now_high,
            then_low: self.then_low + other.then_low,
            then_high: self.then_high + other.then_high,
        }
    }
}
