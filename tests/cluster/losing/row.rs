//! The rows of the table that `tests/cluster/churn` prints.

use std::fmt::Display;
use std::time::Duration;

use super::asking::Asking;

/// Prints a row: what happened, the questions asked meanwhile, wrong answers, the time to catch up, and more to tell.
pub(super) fn print(what: &str, asked: usize, after: Duration, more: &impl Display) {
    println!(
        "| {what} | {asked} | 0 | {:.1} s | {more} |",
        after.as_secs_f32()
    );
}

/// Prints the row of what happened while berth was asked, if no answer was wrong.
pub(super) fn judged(
    asking: &Asking<'_>,
    what: &str,
    after: Duration,
    more: &impl Display,
) -> anyhow::Result<()> {
    asking.judge()?;
    print(what, asking.asked(), after, more);
    Ok(())
}

/// Returns bytes in MiB, with one digit behind the point.
pub(super) fn mebibytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let mebibytes = bytes as f64 / f64::from(1 << 20);
    format!("{mebibytes:.1} MiB")
}
