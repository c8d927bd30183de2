//! The decisions of the last hour. Metrics count since the process started; here a sample a minute says what they were
//! before.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use k8s_openapi::jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::metrics::{Metrics, Tally};

/// The time between two samples.
const STEP: Duration = Duration::from_mins(1);
/// The most samples that are kept.
const SAMPLES: usize = 60;

/// The decisions of a window of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The beginning of the window, in RFC 3339.
    pub since: String,
    /// The length of the window in seconds: an hour, or the life of the process if that is shorter.
    pub seconds: u64,
    /// The decisions of the mutating side.
    pub decisions: Vec<Count>,
    /// The basis on which pods of split pools get their side now: `counts`, or `lot` while berth may not see pods. `None` if no
    /// pool is split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_basis: Option<String>,
}

/// The decisions of one mode and one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The mode, by its name.
    pub mode: String,
    /// The reason, by its name.
    pub reason: String,
    /// The number of decisions.
    pub count: u64,
}

/// Samples of the decisions, each with the time since the process started.
#[derive(Debug, Default)]
struct Samples(VecDeque<(Duration, Tally)>);

impl Samples {
    fn take(&mut self, at: Duration, tally: Tally) {
        if self.0.len() == SAMPLES {
            self.0.pop_front();
        }
        self.0.push_back((at, tally));
    }

    /// Returns the time since the oldest sample, and what was counted in it.
    fn until(&self, now: Duration, tally: &Tally) -> (Duration, Vec<Count>) {
        let Some((start, before)) = self.0.front() else {
            return (Duration::ZERO, Vec::new());
        };
        let counts = tally.iter().filter_map(|(key, count)| {
            let before = before.get(key).copied().unwrap_or_default();
            let count = count.saturating_sub(before);
            let (mode, reason) = *key;
            (count > 0).then(|| Count {
                mode: mode.to_owned(),
                reason: reason.to_owned(),
                count,
            })
        });
        (now.saturating_sub(*start), counts.collect())
    }
}

/// The decisions of the last hour of a process.
#[derive(Debug)]
pub struct LastHour {
    metrics: Arc<Metrics>,
    start: Instant,
    samples: Mutex<Samples>,
}

impl LastHour {
    /// Begins with no decision.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>) -> Self {
        let last_hour = Self {
            metrics,
            start: Instant::now(),
            samples: Mutex::default(),
        };
        last_hour.sample();
        last_hour
    }

    /// Takes a sample every minute, for ever.
    pub async fn keep(self: Arc<Self>) {
        let mut ticks = interval(STEP);
        // After a pause one sample is enough.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        loop {
            ticks.tick().await;
            self.sample();
        }
    }

    fn sample(&self) {
        let tally = self.metrics.tally();
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        samples.take(self.start.elapsed(), tally);
    }

    /// Returns the decisions since the oldest sample.
    #[must_use]
    pub fn window(&self) -> Window {
        let tally = self.metrics.tally();
        let samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        let (length, decisions) = samples.until(self.start.elapsed(), &tally);
        let since = Timestamp::try_from(SystemTime::now() - length).unwrap_or_default();
        let since = Timestamp::from_second(since.as_second()).unwrap_or_default();
        Window {
            since: since.to_string(),
            seconds: length.as_secs(),
            decisions,
            split_basis: self.metrics.split_basis().map(|basis| basis.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Count, Duration, Samples, Tally};

    fn tally(count: u64) -> Tally {
        Tally::from([(("Enforce", "placed"), count), (("Enforce", "conflict"), 1)])
    }

    #[test]
    fn the_window_is_an_hour_at_most() {
        let mut samples = Samples::default();
        let minute = |number: u64| Duration::from_mins(number);
        assert_eq!(samples.until(minute(1), &tally(1)).0, Duration::ZERO);
        samples.take(minute(0), Tally::new());
        let (length, counts) = samples.until(minute(1), &tally(3));
        assert_eq!(length, minute(1));
        let found: Vec<u64> = counts.iter().map(|count| count.count).collect();
        assert_eq!(found, [1, 3]);
        for number in 1..100 {
            samples.take(minute(number), tally(number));
        }
        let (length, counts) = samples.until(minute(100), &tally(100));
        assert_eq!(length, minute(60));
        let placed = Count {
            mode: "Enforce".to_owned(),
            reason: "placed".to_owned(),
            count: 60,
        };
        assert_eq!(counts, [placed], "nothing new is not counted");
    }
}
