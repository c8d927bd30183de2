//! The decisions of the mutating side by mode and reason, read off the metrics themselves.

use std::collections::BTreeMap;

/// The number of decisions by mode and reason, each by its name.
pub type Tally = BTreeMap<(String, String), u64>;

/// Reads the tally off the text of the decisions' series. No label's value holds a quote: each is a name.
pub(super) fn tally(page: &str) -> Tally {
    let mut tally = Tally::new();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let Some((series, count)) = line.rsplit_once(' ') else {
            continue;
        };
        let value = |label: &str| {
            let (_, rest) = series.split_once(&format!("{label}=\""))?;
            Some(rest.split('"').next().unwrap_or_default().to_owned())
        };
        if value("endpoint").as_deref() == Some("mutate")
            && let (Some(mode), Some(reason), Ok(count)) =
                (value("mode"), value("reason"), count.parse::<u64>())
        {
            *tally.entry((mode, reason)).or_default() += count;
        }
    }
    tally
}
