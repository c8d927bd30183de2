//! Misspelt names, and the name that the author of one most likely meant.

use super::wording::clipped;

/// Returns the name that a misspelt one most likely stands for (R7.3). `None` if every name differs in more
/// than a third of its characters.
#[must_use]
pub fn nearest<'n>(name: &str, names: &[&'n str]) -> Option<&'n str> {
    let distance = |candidate: &str| strsim::damerau_levenshtein(clipped(name), candidate);
    let near = names
        .iter()
        .copied()
        .min_by_key(|candidate| distance(candidate))?;
    if distance(near) <= near.len().div_ceil(3) {
        Some(near)
    } else {
        None
    }
}

/// Returns the end of a message about an unknown name: the nearest of the known ones, or all of them.
#[must_use]
pub fn suggestion(name: &str, known: &[&str]) -> String {
    match nearest(name, known) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("use one of {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_found_if_it_is_near() {
        assert_eq!(
            nearest("truemark-amd46", &["amd64-batch", "truemark-amd64"]),
            Some("truemark-amd64")
        );
        assert_eq!(nearest("something", &["amd64-batch"]), None);
    }
}
