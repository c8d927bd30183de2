//! The counts of all rounds.

use std::collections::BTreeMap;
use std::fmt;

/// The counts of all rounds.
#[derive(Default)]
pub(super) struct Summary {
    pub(super) node_pools: usize,
    pub(super) pods: usize,
    pub(super) refused: usize,
    pub(super) words: BTreeMap<&'static str, usize>,
    pub(super) explained: BTreeMap<&'static str, usize>,
    pub(super) differences: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            node_pools,
            pods,
            refused,
            words,
            explained,
            differences,
        } = self;
        write!(
            f,
            "{pods} pods on {node_pools} node pools: {}; the API server refused {refused}; {differences} differed; \
             explained: {}",
            counts(words),
            counts(explained),
        )
    }
}

fn counts(of: &BTreeMap<&str, usize>) -> String {
    let each = of.iter().map(|(name, count)| format!("{count} {name}"));
    let each: Vec<String> = each.collect();
    if each.is_empty() {
        "none".to_owned()
    } else {
        each.join(", ")
    }
}
