//! The node pools: what would come to each, and if their limits take it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::report::{NodePoolLoad, PolicySummary, Resources, Sum};
use super::steps::Step;
use crate::encoding::quantity::thousandths;
use crate::node::Catalogue;

/// The limits of a node pool, each `None` where it has none.
type Limits = (Option<u64>, Option<u64>);

/// The pods to come, by the set of node pools of which each may take them.
type Coming<'r> = BTreeMap<Vec<&'r str>, Sum>;

/// Returns the loads of all node pools that the catalogue has, the policy names, or pods are on. `objects` are the NodePool
/// objects, or `None` if they were not read.
pub(super) fn loads<'r>(
    steps: impl Iterator<Item = Step<'r>>,
    policy: &'r PolicySummary,
    catalogue: &'r Catalogue,
    objects: Option<&[Value]>,
) -> Vec<NodePoolLoad> {
    let mut names: BTreeSet<&str> = catalogue.iter().map(|one| &**one.name()).collect();
    let mut now: BTreeMap<&str, Sum> = BTreeMap::new();
    let mut coming: Coming<'_> = BTreeMap::new();
    for step in steps {
        if let Some(name) = step.from.and_then(|place| place.node_pool.as_deref()) {
            let sum = now.entry(name).or_default();
            *sum = sum.plus(step.now);
            names.insert(name);
        }
        let sum = coming.entry(step.to).or_default();
        *sum = sum.plus(step.then);
    }
    let limits = objects.map(|objects| objects.iter().filter_map(limits).collect());
    let limits: Option<BTreeMap<&str, Limits>> = limits;
    let load = |name: &&str| {
        let at_most = coming.iter().filter(|(to, _)| to.contains(name));
        let at_most = at_most.fold(Sum::default(), |sum, (_, more)| sum.plus(*more));
        let known = limits.as_ref().and_then(|limits| limits.get(name)).copied();
        let (limit_cpu_millis, limit_memory_bytes) = known.unwrap_or_default();
        NodePoolLoad {
            name: (*name).to_owned(),
            pool: policy.pool_of(name).map(str::to_owned),
            now: now.get(name).copied().unwrap_or_default(),
            then_at_most: at_most,
            limit_cpu_millis,
            limit_memory_bytes,
            fits: known
                .and(limits.as_ref())
                .map(|limits| fits(name, &coming, limits)),
        }
    };
    names.iter().map(load).collect()
}

/// True if a node pool, and all sets of node pools that it is in, take what can go nowhere else.
fn fits(name: &str, coming: &Coming<'_>, limits: &BTreeMap<&str, Limits>) -> bool {
    let alone = vec![name];
    let sets = coming.keys().filter(|to| to.contains(&name));
    let mut sets = sets.chain([&alone]);
    sets.all(|set| {
        let inside = |to: &&Vec<&str>| !to.is_empty() && to.iter().all(|one| set.contains(one));
        let needed = coming.iter().filter(|(to, _)| inside(to));
        let needed = needed.fold(Resources::default(), |sum, (_, more)| {
            sum.plus(more.requests)
        });
        let all = |limit: fn(&Limits) -> Option<u64>| {
            // One without a limit takes everything.
            let each = set.iter().map(|one| limit(limits.get(one)?));
            each.sum::<Option<u64>>()
        };
        all(|limits| limits.0).is_none_or(|limit| needed.cpu_millis <= limit)
            && all(|limits| limits.1).is_none_or(|limit| needed.memory_bytes <= limit)
    })
}

/// Returns the name and the limits of a NodePool object.
fn limits(object: &Value) -> Option<(&str, Limits)> {
    let name = object["metadata"]["name"].as_str()?;
    let limit = |resource: &str| {
        let found = match &object["spec"]["limits"][resource] {
            Value::String(text) => thousandths(text),
            Value::Number(number) => thousandths(&number.to_string()),
            _ => None,
        };
        found.map(|found| u64::try_from(found).unwrap_or(u64::MAX))
    };
    let memory = limit("memory").map(|memory| memory / 1000);
    Some((name, (limit("cpu"), memory)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::{Limits, Resources, Sum, fits, limits};

    fn cores(cores: u64) -> Sum {
        Sum {
            pods: 1,
            requests: Resources {
                cpu_millis: cores * 1000,
                memory_bytes: 0,
            },
        }
    }

    #[test]
    fn node_pools_together_take_what_may_go_to_either() {
        let limits: BTreeMap<&str, Limits> = [
            ("a", (Some(10_000), None)),
            ("b", (Some(4000), None)),
            ("c", (None, None)),
        ]
        .into();
        let found = |coming: &[(&[&'static str], u64)]| {
            let coming = coming.iter().map(|(to, sum)| (to.to_vec(), cores(*sum)));
            let coming = coming.collect();
            ["a", "b", "c"].map(|name| fits(name, &coming, &limits))
        };
        assert_eq!(found(&[(&["a", "b"], 14)]), [true, true, true]);
        assert_eq!(found(&[(&["a", "b"], 15)]), [false, false, true]);
        assert_eq!(found(&[(&["a", "b"], 9), (&["b"], 5)]), [true, false, true]);
        assert_eq!(
            found(&[(&["a", "c"], 900), (&["a"], 10)]),
            [true, true, true]
        );
        assert_eq!(found(&[(&["a"], 11)]), [false, true, true]);
        assert_eq!(found(&[(&[], 99)]), [true, true, true]);
    }

    #[test]
    fn limits_are_quantities() {
        let object =
            json!({"metadata": {"name": "a"}, "spec": {"limits": {"cpu": 100, "memory": "1Gi"}}});
        assert_eq!(limits(&object), Some(("a", (Some(100_000), Some(1 << 30)))));
    }
}
