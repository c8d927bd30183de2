//! The names of node pools without the word for their architecture, and names for pools.

use crate::label::LONGEST_NAME;

/// The words by which people name an architecture.
const ARCHITECTURES: [&str; 6] = ["amd64", "arm64", "x86", "arm", "graviton", "intel"];

/// The words by which people name what runs Jobs.
const JOBS: [&str; 8] = [
    "batch", "job", "jobs", "cron", "cronjob", "cronjobs", "etl", "ci",
];

/// Returns the words of a name.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(['-', '_', '.', '/'])
        .filter(|word| !word.is_empty())
}

/// Returns a name without the words for an architecture: `batch` for `amd64-batch`. It is empty if nothing is left.
pub(super) fn stem(name: &str) -> String {
    let kept = words(name).filter(|word| !ARCHITECTURES.contains(word));
    kept.collect::<Vec<_>>().join("-")
}

/// True if a name says that it is for Jobs.
pub(super) fn is_for_jobs(name: &str) -> bool {
    words(name).any(|word| JOBS.contains(&word.to_ascii_lowercase().as_str()))
}

/// Returns the wanted name, or one with a number if it is taken.
pub(super) fn free(wanted: &str, taken: &[String]) -> String {
    // Room for the number.
    let wanted: String = wanted.chars().take(LONGEST_NAME - 4).collect();
    let wanted = wanted.trim_matches(|char: char| !char.is_ascii_alphanumeric());
    let mut name = wanted.to_owned();
    for number in 2.. {
        if !taken.contains(&name) {
            break;
        }
        name = format!("{wanted}-{number}");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::{free, is_for_jobs, stem};

    #[test]
    fn a_stem_is_what_two_architectures_have_in_common() {
        for (name, expected) in [
            ("amd64-batch", "batch"),
            ("truemark-arm64", "truemark"),
            ("team-a", "team-a"),
            ("general", "general"),
            ("arm64", ""),
            ("charm", "charm"),
        ] {
            assert_eq!(stem(name), expected, "{name}");
        }
        assert!(is_for_jobs("arm64-batch") && is_for_jobs("ci.large") && !is_for_jobs("circle"));
        let taken = ["a".to_owned(), "a-2".to_owned()];
        assert_eq!(
            (free("a", &taken), free("b", &taken)),
            ("a-3".into(), "b".into())
        );
    }
}
