//! Names and numbers as messages show them: few, and short for any input.

/// Returns the first 63 characters of a text: no label value is longer, so a message repeats no more.
#[must_use]
pub fn clipped(value: &str) -> &str {
    value
        .char_indices()
        .nth(63)
        .map_or(value, |(end, _)| &value[..end])
}

/// Returns a number of things: `1 pool`, `2 pools`.
#[must_use]
pub fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// The most names of a list that a line shows.
const NAMES: usize = 4;

/// Returns the first distinct names in their order, and the number of the others.
#[must_use]
pub fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut shown: Vec<&str> = Vec::new();
    let mut rest = 0;
    for name in names {
        if shown.contains(&name) {
            continue;
        }
        if shown.len() < NAMES {
            shown.push(name);
        } else {
            rest += 1;
        }
    }
    let shown: Vec<&str> = shown.into_iter().map(clipped).collect();
    match rest {
        0 => shown.join(", "),
        rest => format!("{} and {rest} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{clipped, listed};

    #[test]
    fn names_are_few_and_short() {
        let long = "x".repeat(100);
        assert_eq!(clipped(&long).len(), 63);
        assert_eq!(listed(["a", "b", "a"].into_iter()), "a, b");
        let many = ["a", "b", "c", "d", "e", "f"];
        assert_eq!(listed(many.into_iter()), "a, b, c, d and 2 more");
    }
}
