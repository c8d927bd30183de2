//! Scalars as kubectl reads them: YAML 1.1, by the rules of the library go-yaml v2.
//!
//! YAML 1.2 and other parsers of YAML 1.1 differ in the details, and each detail is a label or an environment variable
//! in somebody's manifest: a short commit hash such as `12e4567` is text, since no number is that large.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value};

/// Reads a scalar without quotes and without a tag.
///
/// # Errors
/// If it is a number that JSON cannot write.
pub(super) fn plain(text: &str) -> Result<Value, String> {
    let value = match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Value::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Value::Bool(false)
        }
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF"
        | "-.inf" | "-.Inf" | "-.INF" => {
            return Err(format!(
                "Kubernetes has no number {text}: put it in quotes if it is a text"
            ));
        }
        _ => number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number),
    };
    Ok(value)
}

/// Reads a scalar with a tag, such as `!!str`. `name` is the tag's name, if it is one of YAML's own.
///
/// # Errors
/// If the text is none of the tag's.
pub(super) fn tagged(name: Option<&str>, text: &str) -> Result<Value, String> {
    let is_right = |value: &Value| match name {
        Some("null") => value.is_null(),
        Some("bool") => value.is_boolean(),
        Some("int") => value.is_i64() || value.is_u64(),
        Some("float") => value.is_number(),
        _ => true,
    };
    let value = match name {
        Some("null" | "bool" | "int" | "float") => plain(text)?,
        Some("binary") => STANDARD
            .decode(text.split_ascii_whitespace().collect::<String>())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned().into())
            .map_err(|_| "the tag !!binary is for base64, and this is none".to_owned())?,
        _ => text.into(),
    };
    match (is_right(&value), name, value.as_f64()) {
        (false, Some(name), _) => Err(format!("the tag !!{name} does not fit {text:?}")),
        (_, Some("float"), Some(float)) => Ok(float.into()),
        _ => Ok(value),
    }
}

/// Returns the text that a scalar is as the key of a map; `None` if kubectl refuses it.
pub(super) fn key(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Bool(bool) => Some(bool.to_string()),
        Value::Number(number) if number.is_f64() => number.as_f64().map(short),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Writes a float as Go does with `%g` in single precision.
fn short(float: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "Go does the same")]
    let single = float as f32;
    let written = format!("{single:e}");
    let (digits, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    match exponent.parse::<i32>() {
        Ok(-4..=5) => single.to_string(),
        Ok(exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        Err(_) => written,
    }
}

fn number(text: &str) -> Option<Number> {
    let first = text.bytes().next()?;
    if first == b'.' {
        return float(text);
    }
    if !matches!(first, b'0'..=b'9' | b'+' | b'-') {
        return None;
    }
    let plain = text.replace('_', "");
    integer(&plain).or_else(|| float(&plain))
}

/// Reads an integer with Go's prefixes: `0x`, `0o`, `0b`, and `0` for octal.
fn integer(text: &str) -> Option<Number> {
    let (is_negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (base, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, &unsigned[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &unsigned[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &unsigned[2..]),
        [b'0', _, ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let size = u64::from_str_radix(digits, base).ok()?;
    if is_negative {
        let size = i128::from(size);
        i64::try_from(-size).ok().map(Number::from)
    } else if text.starts_with('+') {
        i64::try_from(size).ok().map(Number::from)
    } else {
        Some(Number::from(size))
    }
}

/// Reads a decimal fraction. One that is too large is a text.
fn float(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    // Rust reads "inf" and "nan" as well.
    if !unsigned.starts_with(|first: char| first == '.' || first.is_ascii_digit()) {
        return None;
    }
    Number::from_f64(text.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{key, plain, tagged};

    /// The expected values are those of kubectl 1.32.
    #[test]
    fn scalars_are_what_kubectl_reads() {
        for (scalar, value) in [
            ("0440", json!(288)),
            ("0o440", json!(288)),
            ("440", json!(440)),
            ("+440", json!(440)),
            ("-0x1F", json!(-31)),
            ("0b101", json!(5)),
            ("1_000", json!(1000)),
            ("0", json!(0)),
            ("0.5", json!(0.5)),
            ("-.5", json!(-0.5)),
            (".5", json!(0.5)),
            ("5.", json!(5.0)),
            ("08", json!(8.0)),
            ("off", json!(false)),
            ("y", json!(true)),
            ("~", json!(null)),
            ("", json!(null)),
            ("1e3", json!(1000.0)),
            ("0x1f", json!(31)),
            ("18446744073709551615", json!(u64::MAX)),
            ("-9223372036854775808", json!(i64::MIN)),
        ] {
            assert_eq!(plain(scalar).unwrap(), value, "{scalar}");
        }
    }

    #[test]
    fn everything_else_is_text() {
        for scalar in [
            "10.0.0.1",
            "500m",
            "1:30",
            "2001-12-14",
            "2001-12-14 21:59:43.10 -5",
            "=",
            "<<",
            "-",
            "+",
            ".",
            "0x",
            "0b",
            "0b2",
            "1e",
            "inf",
            "nan",
            "-inf",
            ".infinity",
            "12e4567",
            "1e400",
            "-9e999",
            "1 000",
            "1,5",
            "yES",
            "nULL",
            "0x1g",
            "+0x",
            "--1",
            "+-1",
            "0x-1",
            "٣",
        ] {
            assert_eq!(plain(scalar).unwrap(), json!(scalar), "{scalar}");
        }
    }

    #[test]
    fn tags_choose_the_type() {
        for (name, text, value) in [
            ("str", "1", Some(json!("1"))),
            ("int", "1", Some(json!(1))),
            ("float", "1", Some(json!(1.0))),
            ("bool", "on", Some(json!(true))),
            ("null", "~", Some(json!(null))),
            ("binary", "aGk=", Some(json!("hi"))),
            ("timestamp", "2001-12-14", Some(json!("2001-12-14"))),
            ("int", "1.5", None),
            ("bool", "1", None),
            ("binary", "-", None),
        ] {
            assert_eq!(tagged(Some(name), text).ok(), value, "!!{name} {text}");
        }
        assert_eq!(tagged(None, "1").unwrap(), json!("1"), "a tag of one's own");
        assert!(plain(".inf").is_err());
    }

    #[test]
    fn keys_are_texts() {
        for (value, text) in [
            (json!("a"), Some("a")),
            (json!(288), Some("288")),
            (json!(true), Some("true")),
            (json!(1.5), Some("1.5")),
            (json!(1e3), Some("1000")),
            (json!(1e6), Some("1e+06")),
            (json!(0.00001), Some("1e-05")),
            (Value::Null, None),
            (json!([]), None),
        ] {
            assert_eq!(key(value.clone()).as_deref(), text, "{value}");
        }
    }
}
