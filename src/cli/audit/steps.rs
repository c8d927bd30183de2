//! The steps of pods: from where they are to where they would be. All sums are taken over these.

use super::inventory::Nodes;
use super::report::{Place, PolicySummary, Resources, Sum, Then};
use super::sides::{place, stays};
use super::workloads::{Part, Row};

/// The value of what may be one or another.
const EITHER: &str = "either";

/// The step of pods of a workload that are on one node and request the same.
#[derive(Debug)]
pub(super) struct Step<'r> {
    pub(super) row: &'r Row,
    /// The place that they are in; `None` if they wait, or nothing is known of their node.
    pub(super) from: Option<&'r Place>,
    /// The pool that they are in.
    pub(super) from_pool: Option<&'r str>,
    /// The pool that they would be in.
    pub(super) to_pool: Option<&'r str>,
    /// The node pools that they may come to.
    pub(super) to: Vec<&'r str>,
    /// The capacity type and the architecture that they would have: empty if unknown, `either` if it may be one or another.
    pub(super) to_capacity: &'r str,
    pub(super) to_architecture: &'r str,
    pub(super) now: Sum,
    pub(super) then: Sum,
}

/// Returns the steps of all pods.
pub(super) fn steps<'r>(
    rows: &'r [Row],
    nodes: &'r Nodes,
    policy: &'r PolicySummary,
) -> impl Iterator<Item = Step<'r>> {
    let parts = |row: &'r Row| row.parts().map(move |part| (row, part));
    rows.iter().flat_map(parts).flat_map(move |(row, part)| {
        let spots = part.spots.iter().map(move |spot| {
            let sum = Sum {
                pods: spot.pods,
                requests: spot.requests.times(spot.pods),
            };
            step((row, part.then), place(spot, nodes), policy, (sum, sum))
        });
        spots.chain(to_come(row, part, policy))
    })
}

/// Returns the step of the replicas of a workload that has no pods.
fn to_come<'r>(row: &'r Row, part: Part<'r>, policy: &'r PolicySummary) -> Option<Step<'r>> {
    let (pods, workload) = (part.to_come, &row.workload);
    if pods == 0 {
        return None;
    }
    let each = |all: u64| all / workload.replicas.unwrap_or(pods).max(1);
    let then = Sum {
        pods,
        requests: Resources {
            cpu_millis: each(workload.requests.cpu_millis) * pods,
            memory_bytes: each(workload.requests.memory_bytes) * pods,
        },
    };
    let nothing = Sum::default();
    Some(step((row, part.then), None, policy, (nothing, then)))
}

fn step<'r>(
    (row, decided): (&'r Row, &'r Then),
    from: Option<&'r Place>,
    policy: &'r PolicySummary,
    (now, then): (Sum, Sum),
) -> Step<'r> {
    let node_pool = from.and_then(|place| place.node_pool.as_deref());
    let from_pool = node_pool.and_then(|name| policy.pool_of(name));
    let is_placed = decided.pool.is_some();
    let remains = !is_placed || from.is_some_and(|place| stays(place, &decided.node_pools));
    let known = |text: Option<&'r String>| text.map_or("", String::as_str);
    let (to_capacity, to_architecture) = if remains {
        (
            known(from.and_then(|place| place.capacity_type.as_ref())),
            known(from.and_then(|place| place.architecture.as_ref())),
        )
    } else {
        (
            one_or_either(&decided.capacity_types),
            one_or_either(&decided.architectures),
        )
    };
    Step {
        row,
        from,
        from_pool,
        to_pool: if is_placed {
            decided.pool.as_deref()
        } else {
            from_pool
        },
        to: node_pools(decided, node_pool),
        to_capacity,
        to_architecture,
        now,
        then,
    }
}

/// Returns the node pools that pods may come to: those of the decision, or the one that they are on.
fn node_pools<'r>(decided: &'r Then, node_pool: Option<&'r str>) -> Vec<&'r str> {
    if decided.pool.is_some() {
        decided.node_pools.iter().map(String::as_str).collect()
    } else {
        node_pool.into_iter().collect()
    }
}

fn one_or_either(values: &[String]) -> &str {
    match values {
        [] => "",
        [one] => one,
        _ => EITHER,
    }
}

impl PolicySummary {
    /// Returns the first pool that has a node pool.
    pub(super) fn pool_of(&self, node_pool: &str) -> Option<&str> {
        let mut pools = self.pools.iter();
        let found = pools.find(|pool| pool.node_pools.iter().any(|name| name == node_pool));
        found.map(|pool| pool.name.as_str())
    }
}
