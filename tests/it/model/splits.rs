//! Generated splits: pools with an on-demand side, pods that say something of their side, and the pods that a controller has.

use berth::placement::Siblings;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::json::object;
use super::worlds::World;
use crate::harness::review::template_path;

/// The label of a pod's side, and the annotations for the numbers and for the order in which a `ReplicaSet` shrinks.
const CAPACITY: &str = "placement.truemark.io/capacity";
const BASE: &str = "placement.truemark.io/on-demand-base-capacity";
const PERCENTAGE: &str = "placement.truemark.io/on-demand-percentage-above-base-capacity";
const COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// Generates a world in which each pool that has two node pools or more may be split.
pub(crate) fn split_world() -> BoxedStrategy<World> {
    let numbers = || option::weighted(0.8, (0..4_u32, select(vec![0_u32, 1, 20, 50, 100])));
    (World::any(), [numbers(), numbers(), numbers()])
        .prop_map(|(mut world, numbers)| {
            let pools = world.policy["spec"]["pools"].as_array_mut().unwrap();
            for (pool, numbers) in pools.iter_mut().zip(numbers) {
                let node_pools = pool["nodePools"].as_array_mut().unwrap();
                if let Some((base, percentage)) = numbers
                    && node_pools.len() > 1
                {
                    let on_demand = node_pools.split_off(1);
                    pool["onDemand"] = json!({
                        "nodePools": on_demand,
                        "baseCapacity": base,
                        "percentageAboveBaseCapacity": percentage,
                    });
                }
            }
            world
        })
        .boxed()
}

/// Generates the pods of a controller; `None` if berth may not see them.
pub(crate) fn siblings() -> BoxedStrategy<Option<Siblings>> {
    let side = || {
        vec(0..9_u32, 0..6).prop_map(|mut positions| {
            positions.sort_unstable();
            positions
        })
    };
    let siblings = (side(), side()).prop_map(|(on_demand, spot)| Siblings { on_demand, spot });
    option::weighted(0.9, siblings).boxed()
}

/// Generates labels and annotations that say something of a pod's side, right or wrong.
pub(crate) fn marks() -> BoxedStrategy<Value> {
    let text = |values: &'static [&'static str]| select(values).prop_map(Value::from).boxed();
    let labels = object(vec![(
        CAPACITY,
        2,
        text(&["on-demand", "spot", "ondemand", ""]),
    )]);
    let annotations = object(vec![
        (BASE, 2, text(&["0", "1", "3", "100001", "two"])),
        (PERCENTAGE, 2, text(&["0", "20", "100", "101", "20%"])),
        (COST, 1, text(&["5", "none"])),
    ]);
    object(vec![("labels", 8, labels), ("annotations", 8, annotations)])
}

/// Adds such labels and annotations to the template of an object.
pub(crate) fn marked(mut object: Value, marks: &Value) -> Value {
    let path = template_path(object["kind"].as_str().unwrap_or_default());
    let template = object.pointer_mut(path).unwrap();
    for (field, entries) in marks.as_object().into_iter().flatten() {
        for (key, value) in entries.as_object().into_iter().flatten() {
            template["metadata"][field][key] = value.clone();
        }
    }
    object
}
