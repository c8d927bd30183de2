//! Durations as Go writes them (`15s`, `1m30s`, `500ms`): in the API server's `?timeout=`, and so in berth's flags.

use std::fmt;
use std::time::Duration;

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadDuration;

impl fmt::Display for BadDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a duration: write a number and a unit, such as 500ms, 15s or 1m30s")
    }
}

impl std::error::Error for BadDuration {}

/// Reads a duration: numbers, each with its unit, or a lone `0`.
///
/// # Errors
/// When the text is anything else, or longer than a `Duration` can be.
pub fn parse(text: &str) -> Result<Duration, BadDuration> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    if text.is_empty() {
        return Err(BadDuration);
    }
    let of_number = |char: char| char.is_ascii_digit() || char == '.';
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let unit_starts = rest.find(|char| !of_number(char)).ok_or(BadDuration)?;
        let (number, tail) = rest.split_at(unit_starts);
        let (unit, tail) = tail.split_at(tail.find(of_number).unwrap_or(tail.len()));
        let number: f64 = number.parse().map_err(|_| BadDuration)?;
        seconds += number * in_seconds(unit).ok_or(BadDuration)?;
        rest = tail;
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| BadDuration)
}

fn in_seconds(unit: &str) -> Option<f64> {
    match unit {
        "ns" => Some(1e-9),
        "us" | "µs" | "μs" => Some(1e-6),
        "ms" => Some(1e-3),
        "s" => Some(1.0),
        "m" => Some(60.0),
        "h" => Some(3600.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
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
            "", "s", "15", "-1s", "1 s", "1.2.3s", "1d", "1s2", "Infs", "NaNs", &endless,
        ] {
            assert_eq!(parse(text), Err(BadDuration), "{text}");
        }
    }
}
