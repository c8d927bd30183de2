//! The pods of a live object, counted: those that berth placed, and those on each side of a split pool.

use serde_json::Value;

use crate::names::{CAPACITY_LABEL, DECISION_ANNOTATION};
use crate::policy::Capacity;

/// The numbers of an object's pods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::cli::explain) struct PodCounts {
    /// All of them.
    pub(in crate::cli::explain) all: usize,
    /// Those that berth placed.
    pub(in crate::cli::explain) placed: usize,
    /// Those that have the label of a side, if they are not done: on demand, and on spot.
    on_demand: usize,
    spot: usize,
}

impl PodCounts {
    /// Counts a pod.
    pub(super) fn add(&mut self, pod: &Value) {
        self.all += 1;
        self.placed += usize::from(is_placed(pod));
        let is_done = matches!(
            pod["status"]["phase"].as_str(),
            Some("Succeeded" | "Failed")
        );
        let label = pod["metadata"]["labels"][CAPACITY_LABEL].as_str();
        match label
            .filter(|_| !is_done)
            .and_then(|side| side.parse().ok())
        {
            Some(Capacity::OnDemand) => self.on_demand += 1,
            Some(Capacity::Spot) => self.spot += 1,
            None => {}
        }
    }

    /// Returns the pods on each side: on demand, and on spot. `None` if none is on either.
    pub(in crate::cli::explain) fn sides(&self) -> Option<(usize, usize)> {
        (self.on_demand + self.spot > 0).then_some((self.on_demand, self.spot))
    }

    /// Returns the numbers in words.
    pub(in crate::cli::explain) fn in_words(&self) -> String {
        let Self { all, placed, .. } = self;
        let sides = self.sides().map_or_else(String::new, |(on_demand, spot)| {
            format!("; {on_demand} on demand, {spot} on spot")
        });
        format!("{all}, {placed} of them placed by berth{sides}")
    }
}

/// True if berth wrote its decision on a pod.
fn is_placed(pod: &Value) -> bool {
    pod["metadata"]["annotations"][DECISION_ANNOTATION].is_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pods_are_counted_by_their_sides() {
        let pod = |side: Option<&str>, phase: &str| {
            json!({
                "metadata": {
                    "labels": {CAPACITY_LABEL: side},
                    "annotations": {"placement.truemark.io/decision": side.map(|_| "placed")},
                },
                "status": {"phase": phase},
            })
        };
        let mut counts = PodCounts::default();
        counts.add(&pod(None, "Running"));
        assert_eq!(counts.in_words(), "1, 0 of them placed by berth");
        for (side, phase) in [
            ("on-demand", "Running"),
            ("spot", "Pending"),
            ("spot", "Running"),
            ("spot", "Failed"),
            ("both", "Running"),
        ] {
            counts.add(&pod(Some(side), phase));
        }
        assert_eq!(
            counts.in_words(),
            "6, 5 of them placed by berth; 1 on demand, 2 on spot"
        );
    }
}
