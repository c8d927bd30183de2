//! Node pools: what they say of their nodes.

use std::sync::Arc;

use berth::node::{Catalogue, NodePool};
use serde_json::{Value, json};

use crate::harness::snapshots::with_node_pools;

/// Returns the catalogue of one node pool, with these fields.
fn catalogue(fields: &Value) -> Catalogue {
    let mut entry = json!({"name": "one"});
    for (field, value) in fields.as_object().unwrap() {
        entry[field] = value.clone();
    }
    with_node_pools(Catalogue::default(), &[entry])
}

/// Asks the one node pool.
fn of_one<T>(fields: &Value, ask: impl Fn(&NodePool) -> T) -> T {
    ask(catalogue(fields).get("one").unwrap())
}

#[test]
fn a_node_pool_offers_the_capacity_that_it_says() {
    let one_of = |values: &[&str]| {
        let key = "karpenter.sh/capacity-type";
        json!({"requirements": [{"key": key, "operator": "In", "values": values}]})
    };
    let of_cast_ai = |labels: Value| {
        let label = "scheduling.cast.ai/node-template";
        json!({"nodeLabel": label, "labels": labels})
    };
    for (fields, offered) in [
        (json!({}), &["spot", "on-demand"][..]),
        (one_of(&["spot"]), &["spot"]),
        (one_of(&["on-demand"]), &["on-demand"]),
        (
            one_of(&["reserved", "on-demand"]),
            &["on-demand", "reserved"],
        ),
        (
            of_cast_ai(json!({"scheduling.cast.ai/spot": "true"})),
            &["spot"],
        ),
        (
            of_cast_ai(json!({"scheduling.cast.ai/spot": "false"})),
            &["on-demand"],
        ),
        (of_cast_ai(json!({})), &[]),
    ] {
        for capacity in ["spot", "on-demand", "reserved"] {
            let found = of_one(&fields, |one| one.offers_capacity(capacity));
            assert_eq!(found, offered.contains(&capacity), "{capacity} of {fields}");
        }
    }
}

#[test]
fn a_label_is_its_authors_own_if_no_platform_has_it() {
    let fields = json!({
        "labels": {"example.com/team": "red", "karpenter.sh/other": "a"},
        "requirements": [
            {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]},
            {"key": "example.com/rack", "operator": "In", "values": ["a", "b"]},
            {"key": "example.com/disk", "operator": "Exists"},
        ],
    });
    let own = of_one(&fields, |one| {
        let labels = one.custom_labels();
        let owned = labels.map(|(key, value)| (key.to_owned(), value.to_owned()));
        owned.collect::<Vec<_>>()
    });
    assert_eq!(own, [("example.com/team".to_owned(), "red".to_owned())]);
}

#[test]
fn of_several_node_pools_of_one_name_the_last_counts() {
    let node_pools = ["red", "blue"].map(|team| {
        let fields = json!({"labels": {"example.com/team": team}});
        of_one(&fields, |one| Arc::new(one.clone()))
    });
    let [_, last] = node_pools.clone();
    let collected: Catalogue = node_pools.into_iter().collect();
    let found: Vec<&NodePool> = collected.iter().collect();
    assert_eq!(found, [&*last]);
}
