//! Metrics as a page shows them, in the text format of Prometheus.

use std::collections::BTreeMap;

use super::series::Series;

/// Returns the series of a page that berth reads.
///
/// # Errors
/// Names the first line that begins as such a series and is none.
pub(super) fn read(text: &str) -> Result<Vec<Series>, String> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        if !Series::is_read(name) {
            continue;
        }
        let series = series(name, &line[name.len()..]);
        found.push(series.ok_or_else(|| format!("line {} is no value of {name}", index + 1))?);
    }
    Ok(found)
}

/// Reads what stands behind a name: labels in braces, a value, and perhaps a time.
fn series(name: &str, rest: &str) -> Option<Series> {
    let mut labels = BTreeMap::new();
    let mut rest = rest.trim_start();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            rest = rest.trim_start_matches([',', ' ']);
            if let Some(after) = rest.strip_prefix('}') {
                rest = after;
                break;
            }
            let (key, quoted) = rest.split_once("=\"")?;
            let (value, after) = unquoted(quoted)?;
            labels.insert(key.trim().to_owned(), value);
            rest = after;
        }
    }
    let value = rest.split_whitespace().next()?.parse().ok()?;
    Some(Series {
        name: name.to_owned(),
        labels,
        value,
    })
}

/// Reads up to the closing quote, and returns what stands behind it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((position, char)) = chars.next() {
        match char {
            '"' => return Some((value, &text[position + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::cli::audit::prices::series::PRICE;

    #[test]
    fn lines_of_other_metrics_are_passed_over() {
        let text = format!(
            "# HELP {PRICE} a\n# TYPE {PRICE} gauge\n{PRICE}{{capacity_type=\"spot\",instance_type=\"m7g.large\",zone=\"a\\\"}}b\"}} 0.0408\n\
             other{{ 1\n{PRICE}{{}} 1e-1 1700000000\n{PRICE}_not 1\n"
        );
        let found = read(&text).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].label("zone"), "a\"}b");
        assert!((found[0].value - 0.0408).abs() < 1e-9);
        assert!((found[1].value - 0.1).abs() < 1e-9);
    }

    #[test]
    fn a_broken_line_is_named() {
        for rest in ["{", "{a=\"b} 1", "{a=b} 1", "{} x", ""] {
            let error = read(&format!("a 1\n{PRICE}{rest}")).unwrap_err();
            assert!(error.starts_with("line 2 "), "{rest}: {error}");
        }
    }
}
