//! Kubernetes' quantities, such as `500m`, `1Gi` or `2e3`: their form and their amount.

/// A quantity in its parts, by the grammar that Kubernetes documents.
struct Parts<'t> {
    is_negative: bool,
    whole: &'t str,
    fraction: &'t str,
    /// The base and the power that the suffix stands for.
    scale: (u128, i64),
}

/// True if the text is a quantity. The API server's parser takes a text without any digit (`Gi`) for zero. Nobody means
/// that, so it is none here.
#[must_use]
pub fn is_quantity(text: &str) -> bool {
    parts(text).is_some()
}

/// Returns the amount in thousandths, rounded up. `None` if the text is no quantity, or a negative one. An amount that is
/// larger than any machine counts as that large.
#[must_use]
pub fn thousandths(text: &str) -> Option<u128> {
    let Parts {
        is_negative: false,
        whole,
        fraction,
        scale: (base, power),
    } = parts(text.trim())?
    else {
        return None;
    };
    // Twelve digits after the point are enough: the smallest unit is a billionth.
    let fraction = &fraction[..fraction.len().min(12)];
    let mut amount: u128 = 0;
    for digit in whole.bytes().chain(fraction.bytes()) {
        amount = amount
            .saturating_mul(10)
            .saturating_add(u128::from(digit - b'0'));
    }
    let decimals = u32::try_from(fraction.len()).ok()?;
    let (mut times, mut parts): (u128, u128) = (1000, 10_u128.pow(decimals));
    let power = i32::try_from(power).ok()?;
    let scale = base.saturating_pow(power.unsigned_abs());
    if power < 0 {
        parts = parts.saturating_mul(scale);
    } else {
        times = times.saturating_mul(scale);
    }
    Some(amount.saturating_mul(times).div_ceil(parts))
}

/// Takes a quantity apart. `None` if the text is none.
fn parts(text: &str) -> Option<Parts<'_>> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, rest) = digits(unsigned);
    let (fraction, suffix) = rest.strip_prefix('.').map_or(("", rest), digits);
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    Some(Parts {
        is_negative: text.starts_with('-'),
        whole,
        fraction,
        scale: scale(suffix)?,
    })
}

/// Splits a text after its leading digits.
fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|char: char| !char.is_ascii_digit());
    text.split_at(end.unwrap_or(text.len()))
}

/// Returns the base and the power that a suffix stands for.
fn scale(suffix: &str) -> Option<(u128, i64)> {
    let decimal = |power| Some((10, power));
    let binary = |power| Some((1024, power));
    match suffix {
        "" => decimal(0),
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        exponent => decimal(exponent.strip_prefix(['e', 'E'])?.parse().ok()?),
    }
}

#[cfg(test)]
mod tests {
    use super::thousandths;

    #[test]
    fn quantities_have_amounts() {
        for (text, amount) in [
            ("0", 0),
            ("1", 1000),
            ("500m", 500),
            ("0.5", 500),
            (".5", 500),
            ("1.", 1000),
            ("+2", 2000),
            ("1n", 1),
            ("1.5Gi", 1_610_612_736_000),
            ("128974848", 128_974_848_000),
            ("129e6", 129_000_000_000),
            ("123Mi", 128_974_848_000),
            ("1E", 1_000_000_000_000_000_000_000),
            ("1e-3", 1),
            ("0.0001", 1),
        ] {
            assert_eq!(thousandths(text), Some(amount), "{text}");
        }
        for text in [
            "",
            "-1",
            "1 Gi",
            "1gi",
            "0,5",
            "e3",
            "1e",
            "1e3.5",
            "x",
            "1e99999999999",
        ] {
            assert_eq!(thousandths(text), None, "{text}");
        }
        assert_eq!(thousandths("9e999999"), Some(u128::MAX));
        assert_eq!(thousandths("9e-999999"), Some(1));
    }
}
