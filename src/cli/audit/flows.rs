//! The flows of pods from node pools to pools, those that stay included.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::report::{Flow, Sum};
use super::steps::Step;

/// Returns the flows, the largest first. Pods that have not come yet are in none.
pub(super) fn flows<'r>(steps: impl Iterator<Item = Step<'r>>) -> Vec<Flow> {
    let mut flows: BTreeMap<(Option<&str>, Option<&str>), Sum> = BTreeMap::new();
    for step in steps.filter(|step| step.now.pods > 0) {
        let from = step.from.and_then(|place| place.node_pool.as_deref());
        let flow = flows.entry((from, step.to_pool)).or_default();
        *flow = flow.plus(step.now);
    }
    let owned = |name: Option<&str>| name.map(str::to_owned);
    let mut flows: Vec<Flow> = flows
        .into_iter()
        .map(|((from, to), sum)| Flow {
            from: owned(from),
            to: owned(to),
            sum,
        })
        .collect();
    flows.sort_by_key(|flow| Reverse(flow.sum.pods));
    flows
}
