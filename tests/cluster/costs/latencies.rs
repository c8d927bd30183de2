//! Latencies by round, and figures made of them. All are in microseconds.

use std::time::Duration;

/// The latencies of one kind of request, round by round.
#[derive(Default)]
pub(super) struct Latencies {
    rounds: Vec<Vec<u32>>,
}

impl Latencies {
    pub(super) fn add_round(&mut self, took: &[Duration]) {
        let micros = took
            .iter()
            .map(|took| u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
        self.rounds.push(micros.collect());
    }

    /// Returns each latency with the number of its round, from 1.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, u32)> {
        let rounds = self.rounds.iter().enumerate();
        rounds.flat_map(|(index, round)| round.iter().map(move |latency| (index + 1, *latency)))
    }

    /// Returns the latency below which this part of all requests is, in thousandths.
    pub(super) fn quantile(&self, thousandths: usize) -> f64 {
        let all = self.all().map(|(_, latency)| f64::from(latency));
        quantile(all.collect(), thousandths)
    }

    /// Returns the median of each round.
    pub(super) fn medians(&self) -> impl Iterator<Item = f64> {
        let rounds = self.rounds.iter();
        rounds.map(|round| quantile(round.iter().copied().map(f64::from).collect(), 500))
    }
}

/// Returns the value below which this part of the values is, in thousandths; zero if there is none.
pub(super) fn quantile(mut values: Vec<f64>, thousandths: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let index = values.len() * thousandths / 1_000;
    let last = values.len().saturating_sub(1);
    values.get(index.min(last)).copied().unwrap_or_default()
}
