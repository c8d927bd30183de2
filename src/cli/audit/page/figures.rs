//! Figures as a person reads them: grouped, with three digits that matter, and never 0 for what is more.

use crate::cli::audit::grouping::grouped;
use crate::cli::audit::report::{Cost, Resources};

/// The hours of a month, as clouds count them.
const HOURS: f64 = 730.0;
const GIB: u128 = 1 << 30;

/// Returns a number with its thousands apart: `12,345`.
pub(super) fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// Returns the share of a part in percent, rounded: 0 and 100 are said of nothing and of all alone.
pub(super) fn percent(part: u64, whole: u64) -> u128 {
    let (part, whole) = (u128::from(part), u128::from(whole));
    if part == 0 || whole == 0 {
        return 0;
    }
    let rounded = (part * 100 + whole / 2) / whole;
    if part >= whole {
        100
    } else {
        rounded.clamp(1, 99)
    }
}

/// Returns CPU in cores: `0.25`, `12.5`.
pub(super) fn cores(requests: Resources) -> String {
    thousandths(requests.cpu_millis.into())
}

/// Returns memory in GiB.
pub(super) fn gib(requests: Resources) -> String {
    thousandths((u128::from(requests.memory_bytes) * 1000).div_ceil(GIB))
}

/// Returns US dollars from the lowest to the highest: `0.12 – 0.30`.
pub(super) fn an_hour(low: f64, high: f64) -> String {
    let (low, high) = (dollars(low), dollars(high));
    if low == high {
        low
    } else {
        format!("{low} – {high}")
    }
}

/// Returns what dollars an hour are in a month.
pub(super) fn a_month(low: f64, high: f64) -> String {
    an_hour(low * HOURS, high * HOURS)
}

/// Returns the middle of what a workload costs then, less that of now. It puts rows in order, and nobody reads it.
pub(super) fn difference(cost: &Cost) -> f64 {
    let Cost {
        now_low,
        now_high,
        then_low,
        then_high,
    } = cost;
    f64::midpoint(*then_low, *then_high) - f64::midpoint(*now_low, *now_high)
}

fn dollars(amount: f64) -> String {
    let text = match amount {
        amount if !amount.is_finite() => return "?".to_owned(),
        amount if amount >= 1_000.0 => rounded(&format!("{amount:.0}")),
        amount if amount >= 100.0 => format!("{amount:.0}"),
        amount if amount >= 0.1 || amount == 0.0 => format!("{amount:.2}"),
        amount if amount >= 0.01 => format!("{amount:.3}"),
        amount => format!("{amount:.4}"),
    };
    let Some((whole, rest)) = text.split_once('.') else {
        return grouped(&text);
    };
    format!("{}.{rest}", grouped(whole))
}

/// Returns a whole number of which only the first three digits are said: `1,234,567` is `1,230,000`.
fn rounded(digits: &str) -> String {
    let unit = 10_u128.pow(u32::try_from(digits.len() - 3).unwrap_or_default().min(30));
    digits.parse().map_or_else(
        |_| digits.to_owned(),
        |number: u128| ((number + unit / 2) / unit * unit).to_string(),
    )
}

/// Returns a number of thousandths as a decimal one.
fn thousandths(number: u128) -> String {
    let unit = match number {
        0..1_000 => 1,
        1_000..10_000 => 10,
        10_000..100_000 => 100,
        _ => 1_000,
    };
    let rounded = (number + unit / 2) / unit * unit;
    let (whole, rest) = (rounded / 1_000, rounded % 1_000);
    let rest = format!(".{rest:03}");
    let rest = rest.trim_end_matches('0').trim_end_matches('.');
    grouped(&whole.to_string()) + rest
}

#[cfg(test)]
mod tests {
    use super::{a_month, an_hour, cores, count, gib, percent};
    use crate::cli::audit::report::Resources;

    fn requests(cpu_millis: u64, memory_bytes: u64) -> Resources {
        Resources {
            cpu_millis,
            memory_bytes,
        }
    }

    #[test]
    fn numbers_have_their_thousands_apart() {
        let numbers = [0, 999, 1_000, 12_345, u64::MAX].map(count);
        let shown = ["0", "999", "1,000", "12,345", "18,446,744,073,709,551,615"];
        assert_eq!(numbers, shown);
    }

    #[test]
    fn three_digits_matter() {
        let cpu = [0, 1, 250, 1_500, 1_234, 12_345, 123_456, 1_234_567];
        let shown = ["0", "0.001", "0.25", "1.5", "1.23", "12.3", "123", "1,235"];
        assert_eq!(cpu.map(|cpu| cores(requests(cpu, 0))), shown);
        let memory = [0, 1, 64 << 20, 3 << 29, u64::MAX];
        let shown = ["0", "0.001", "0.063", "1.5", "17,179,869,184"];
        assert_eq!(memory.map(|memory| gib(requests(0, memory))), shown);
    }

    #[test]
    fn a_share_is_all_or_nothing_only_if_it_is() {
        let shares = [(0, 0), (0, 9), (1, 1_000), (1, 3), (999, 1_000), (9, 9)];
        let percents = shares.map(|(part, whole)| percent(part, whole));
        assert_eq!(percents, [0, 0, 1, 33, 99, 100]);
    }

    #[test]
    fn a_price_is_a_range_or_one_figure() {
        assert_eq!(an_hour(0.0123, 1.5), "0.012 – 1.50");
        assert_eq!(an_hour(2.0, 2.0), "2.00");
        assert_eq!(a_month(10.0, 20.0), "7,300 – 14,600");
        assert_eq!(
            an_hour(1_234_567.0, 1e300).len(),
            "1,230,000 – ".len() + 401
        );
        assert_eq!(an_hour(f64::NAN, f64::INFINITY), "?");
    }
}
