//! The pages of the codes, which are the reasons and the checks. The program holds them, so that it can print them anywhere.

/// Declares the pages by their codes.
macro_rules! pages {
    ($($code:literal,)+) => {
        &[$(($code, include_str!(concat!("../../docs/codes/", $code, ".md"))),)+]
    };
}

/// Each code with its page, in the order of the alphabet.
const PAGES: &[(&str, &str)] = pages! {
    "already-placed",
    "beside-others",
    "bound",
    "bound-by-author",
    "compute-type",
    "conflict",
    "contradiction",
    "critical",
    "critical-addon",
    "daemonset",
    "empty-affinity",
    "explicit",
    "host-pinned",
    "internal-error",
    "kind",
    "label-on-workload",
    "left-by-rule",
    "malformed",
    "mirror",
    "namespace",
    "no-rule",
    "node-pinned",
    "not-entitled",
    "not-opted-in",
    "not-placed",
    "operation",
    "opted-out",
    "os",
    "placed",
    "pool-unavailable",
    "restricted-preference",
    "scheduler",
    "self-placed",
    "special-resource",
    "split-domains",
    "stateful-on-spot",
    "subresource",
    "too-many-terms",
    "unavailable",
    "unknown-architecture",
    "unknown-capacity",
    "unknown-label",
    "unknown-pool",
    "unschedulable",
    "virtual-node",
    "wildcard-toleration",
};

/// The index of the pages.
const INDEX: &str = include_str!("../../docs/codes/README.md");

/// A group of codes in the index.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) heading: &'static str,
    /// Each code, and its meaning in a line.
    pub(super) codes: Vec<(&'static str, &'static str)>,
}

/// Returns the page of a code.
pub(super) fn page(code: &str) -> Option<&'static str> {
    let found = PAGES.iter().find(|(known, _)| *known == code);
    found.map(|(_, page)| *page)
}

/// Returns the code that a misspelt one most likely stands for. `None` if none is near.
pub(super) fn nearest(code: &str) -> Option<&'static str> {
    let code: String = code.chars().take(LONGEST).collect();
    let known = PAGES.iter().map(|(known, _)| *known);
    let distances = known.map(|known| (strsim::damerau_levenshtein(&code, known), known));
    let (distance, near) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= near.len().div_ceil(3)).then_some(near)
}

/// The most characters of a text that are compared with the codes.
const LONGEST: usize = 64;

/// Returns the groups of the index.
pub(super) fn groups() -> Vec<Group> {
    let parts = INDEX.split("\n## ").skip(1);
    let group = |part: &'static str| {
        let (heading, list) = part.split_once('\n').unwrap_or((part, ""));
        let codes = list.lines().filter_map(|line| {
            let (code, rest) = line.strip_prefix("- [`")?.split_once("`](")?;
            let (_, meaning) = rest.split_once("): ")?;
            Some((code, meaning))
        });
        Group {
            heading,
            codes: codes.collect(),
        }
    };
    parts.map(group).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{PAGES, groups, nearest, page};
    use crate::placement::Reason;
    use crate::validation::Check;

    /// The names of all reasons and checks. Some are both.
    fn codes() -> BTreeSet<&'static str> {
        let reasons = Reason::ALL.iter().map(|reason| reason.as_str());
        let checks = Check::ALL.iter().map(|check| check.as_str());
        reasons.chain(checks).collect()
    }

    #[test]
    fn each_code_has_its_page_and_no_page_is_left_over() {
        let codes: Vec<&str> = codes().into_iter().collect();
        let paged: Vec<&str> = PAGES.iter().map(|(code, _)| *code).collect();
        assert_eq!(paged, codes);
        for code in codes {
            let page = page(code).unwrap_or_default();
            assert!(page.starts_with(&format!("# {code}\n\n")), "{code}");
        }
    }

    #[test]
    fn the_index_has_each_page_once() {
        let groups = groups();
        let mut indexed: Vec<_> = groups.iter().flat_map(|group| &group.codes).collect();
        indexed.sort();
        let indexed: Vec<&str> = indexed.into_iter().map(|(code, _)| *code).collect();
        let paged: Vec<&str> = PAGES.iter().map(|(code, _)| *code).collect();
        assert_eq!(indexed, paged);
    }

    #[test]
    fn a_misspelt_code_has_a_nearest_one() {
        assert_eq!(nearest("unkown-pool"), Some("unknown-pool"));
        assert_eq!(nearest("Conflict"), Some("conflict"));
        assert_eq!(nearest("banana"), None);
        assert_eq!(nearest(&"x".repeat(100_000)), None);
    }
}
