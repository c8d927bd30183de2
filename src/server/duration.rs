//! Durations in Go's notation (`15s`, `1m30s`, `500ms`). The API server's `?timeout=` has it, and so do berth's flags.

use std::time::Duration;

use jiff::SignedDuration;

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a duration: write a number and a unit, such as 500ms, 15s or 1m30s")]
pub struct BadDuration;

/// Reads a duration: numbers with a unit each, the largest unit first, or a lone `0`.
///
/// # Errors
/// When the text is anything else, or the duration is longer than a `Duration` can be.
pub fn parse(text: &str) -> Result<Duration, BadDuration> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    // jiff also reads signs, spaces, commas, clock times and ISO 8601. Go reads none of them but a sign, and a time to
    // wait has none.
    if !text.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        || !text
            .chars()
            .all(|char| char.is_alphanumeric() || char == '.')
    {
        return Err(BadDuration);
    }
    // The API server sends whole seconds, with every request.
    if let Some(Ok(seconds)) = text.strip_suffix('s').map(str::parse::<u32>) {
        return Ok(Duration::from_secs(seconds.into()));
    }
    // Go lets a number begin with its point, and jiff does not.
    let parsed = format!("0{text}").parse::<SignedDuration>();
    let parsed = parsed.ok().and_then(|it| Duration::try_from(it).ok());
    parsed.ok_or(BadDuration)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn go_durations() {
        for (text, milliseconds) in [
            ("0", 0),
            ("0s", 0),
            ("15s", 15_000),
            ("500ms", 500),
            ("1.5s", 1_500),
            ("1m30s", 90_000),
            ("2h", 7_200_000),
            ("2000us", 2),
            ("2000µs", 2),
            ("1h0m0s", 3_600_000),
            (".5s", 500),
        ] {
            assert_eq!(
                parse(text),
                Ok(Duration::from_millis(milliseconds)),
                "{text}"
            );
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let endless = "9".repeat(400) + "h";
        for text in [
            "", "s", "15", "-1s", "1 s", "1.2.3s", "1d", "1s2", "Infs", "NaNs", &endless, "+1s",
            "-0s", " 1s", "1s,2ms", "1,5s", "1s ago", "1:00:00", "PT1M", "1m-1s", "1e3s", ".",
            "0.",
        ] {
            assert_eq!(parse(text), Err(BadDuration), "{text}");
        }
    }

    /// Returns a duration in the form of Go's `Duration.String`.
    fn in_go(nanoseconds: u64) -> String {
        let fraction = |number: u64, unit: u64| {
            let text = format!(
                "{}.{:0>9}",
                number / unit,
                number % unit * (1_000_000_000 / unit)
            );
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        };
        let mut text = String::new();
        let seconds = nanoseconds / 1_000_000_000;
        match nanoseconds {
            0 => return "0s".to_owned(),
            1..1_000 => return format!("{nanoseconds}ns"),
            1_000..1_000_000 => return fraction(nanoseconds, 1_000) + "µs",
            1_000_000..1_000_000_000 => return fraction(nanoseconds, 1_000_000) + "ms",
            _ => {}
        }
        if seconds >= 3_600 {
            write!(text, "{}h", seconds / 3_600).unwrap();
        }
        if seconds >= 60 {
            write!(text, "{}m", seconds / 60 % 60).unwrap();
        }
        text + &fraction(nanoseconds % 60_000_000_000, 1_000_000_000) + "s"
    }

    proptest! {
        #[test]
        fn what_go_writes_is_read(digits in 0..19_u32, number: u64) {
            let nanoseconds = number % 10_u64.pow(digits);
            let text = in_go(nanoseconds);
            prop_assert_eq!(parse(&text), Ok(Duration::from_nanos(nanoseconds)), "{}", text);
        }

        #[test]
        fn no_text_is_too_strange(text in "[0-9.]{0,30}[hmnuµs]{0,3}[0-9.]{0,30}\\PC{0,5}") {
            let _ = parse(&text);
        }
    }
}
