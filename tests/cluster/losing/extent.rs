//! How much the tests of this group do: little in every run, and much in that of `tests/cluster/churn`.

use std::time::Duration;

use anyhow::Context;

/// The variable with the minutes of churn, which also makes all else as large as it can be.
const MINUTES: &str = "BERTH_LOSING_MINUTES";

/// The amounts of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Amounts {
    pub(super) namespaces: usize,
    pub(super) cut_for: Duration,
    pub(super) churn_for: Duration,
    /// The minor version of the API server before its upgrade; that of the cluster if there is none.
    pub(super) upgraded_from: Option<&'static str>,
    /// The time that the API server has to end.
    pub(super) grace: Duration,
    /// The writes to etcd that a restore takes back, beside those of the dials.
    pub(super) lost_writes: usize,
}

/// Returns the amounts of this run.
///
/// # Errors
/// When the variable is no number.
pub(super) fn amounts() -> anyhow::Result<Amounts> {
    let Ok(minutes) = std::env::var(MINUTES) else {
        return Ok(Amounts {
            namespaces: 1_000,
            cut_for: Duration::from_secs(8),
            churn_for: Duration::from_secs(9),
            upgraded_from: None,
            grace: Duration::from_secs(2),
            lost_writes: 400,
        });
    };
    let minutes: u64 = minutes.parse().context(MINUTES)?;
    Ok(Amounts {
        namespaces: 10_000,
        cut_for: Duration::from_mins(minutes.min(10)),
        churn_for: Duration::from_mins(minutes),
        upgraded_from: Some("1.36"),
        grace: Duration::from_secs(30),
        lost_writes: 2_000,
    })
}
