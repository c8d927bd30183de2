//! Quantities as the API server parses them: `500m`, `1Gi`, `2e3`, and never `0,5` (R5.22).
//!
//! The grammar is that of [`is_quantity`]; the words for an author are here.

use crate::encoding::quantity::is_quantity;

/// The form of a quantity, for a person who wrote something else.
const GRAMMAR: &str = "a quantity is digits with at most one decimal point, as in 2, 0.5 or .5, and then nothing, \
    one of n u m k M G T P E, one of Ki Mi Gi Ti Pi Ei, or an exponent such as e3";

/// Checks that a text is a quantity, by the grammar that Kubernetes documents. Space around it is no mistake.
///
/// # Errors
/// Returns a message that says what would be right.
pub(super) fn check(text: &str) -> Result<(), String> {
    let trimmed = text.trim();
    if is_quantity(trimmed) {
        return Ok(());
    }
    let corrected = trimmed.replacen(',', ".", 1);
    let hint = if corrected != trimmed && is_quantity(&corrected) {
        format!("did you mean {corrected:?}? ")
    } else {
        String::new()
    };
    Err(format!("{text:?} is no quantity; {hint}{GRAMMAR}"))
}

#[cfg(test)]
mod tests {
    use super::check;

    const SUFFIXES: [&str; 16] = [
        "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei",
    ];

    #[test]
    fn quantities_are_what_the_api_server_parses() {
        let numbers = [
            "0",
            "5",
            "0.5",
            ".5",
            "5.",
            "007",
            "+1",
            "-1",
            "-.5",
            "99999999999999999999",
        ];
        for number in numbers {
            for suffix in SUFFIXES
                .iter()
                .chain(&["e3", "E3", "e+3", "e-3", "E-12", "e0"])
            {
                let text = format!("{number}{suffix}");
                assert_eq!(check(&text), Ok(()), "{text}");
            }
        }
        for text in ["500m", "1.5Gi", "12e6", " 1 ", "0.1m", "8Ei"] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let wrong = [
            "",
            " ",
            "0,5",
            "1,000",
            "abc",
            "1 Gi",
            "1gi",
            "1KI",
            "1K",
            "1ki",
            "1mi",
            "1g",
            "1GB",
            "1GiB",
            "1i",
            "1B",
            "1e",
            "1E+",
            "1e3.5",
            "1e3k",
            "1ee3",
            "1.1.1",
            "1.1.M",
            "--1",
            "+-1",
            "1+",
            "1+1M",
            ".",
            "+",
            "-",
            "Gi",
            "m",
            "e3",
            "0x10",
            "1_000",
            "inf",
            "NaN",
            "½",
            "١",
            "1e99999999999999999999",
            "100%",
            "1\u{a0}Gi",
            "mm1",
        ];
        for text in wrong {
            assert!(check(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_decimal_comma_is_recognised() {
        let message = check("0,5").unwrap_err();
        assert!(
            message
                .starts_with("\"0,5\" is no quantity; did you mean \"0.5\"? a quantity is digits"),
            "{message}"
        );
        assert!(!check("1,0,0").unwrap_err().contains("did you mean"));
    }
}
