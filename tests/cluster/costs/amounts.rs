//! How much the tests of this group measure: next to nothing in every run, and enough in that of `tests/cluster/bench`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};

use super::rows::Row;
use crate::harness::repository;

/// The variable with the minutes that a run may take, which also has its figures kept.
const MINUTES: &str = "BERTH_BENCH_MINUTES";

/// The rounds of a long run. Each has every row once.
const ROUNDS: u32 = 20;

/// The part of a long run in which requests are counted, in percent.
const MEASURING: u64 = 85;

/// The amounts of a run.
pub(super) struct Amounts {
    /// The sizes of the pods, in bytes of JSON.
    pub(super) sizes: &'static [usize],
    /// The numbers of clients that create pods at once.
    pub(super) clients: &'static [usize],
    pub(super) rounds: u32,
    /// The time for which the clients of a row create pods before the next row has its turn.
    pub(super) block: Duration,
    /// The directory of what is kept; none if nothing is.
    pub(super) kept: Option<PathBuf>,
}

/// Returns the amounts of this run.
///
/// # Errors
/// When the variable is no number, or the directory cannot be made.
pub(super) fn amounts() -> anyhow::Result<Amounts> {
    let Ok(minutes) = std::env::var(MINUTES) else {
        return Ok(Amounts {
            sizes: &[3_000],
            clients: &[2],
            rounds: 1,
            block: Duration::from_millis(20),
            kept: None,
        });
    };
    let minutes: u64 = minutes.parse().context(MINUTES)?;
    ensure!(minutes > 0, "{MINUTES} is zero");
    let (sizes, clients) = (&[3_000, 8_000], &[1, 4, 8]);
    let blocks = u32::try_from(sizes.len() * clients.len() * Row::ALL.len())? * ROUNDS;
    let kept = repository("target/bench-cluster");
    std::fs::create_dir_all(&kept)?;
    Ok(Amounts {
        sizes,
        clients,
        rounds: ROUNDS,
        block: Duration::from_mins(minutes * MEASURING) / 100 / blocks,
        kept: Some(kept),
    })
}
