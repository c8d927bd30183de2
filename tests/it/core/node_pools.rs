//! Node pools: what they say of their nodes.

use std::sync::Arc;

use berth::encoding::field::FieldError;
use berth::instance::{Property, Table};
use berth::node::{Catalogue, NodePool, State};
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

#[test]
fn a_requirement_on_a_former_key_is_one_on_the_label() {
    let fields = json!({"requirements": [
        {"key": "beta.kubernetes.io/arch", "operator": "In", "values": ["arm64"]},
        {"key": "beta.kubernetes.io/instance-type", "operator": "Exists", "minValues": 2},
    ]});
    of_one(&fields, |one| {
        assert_eq!(
            ["amd64", "arm64"].map(|name| one.offers(name)),
            [false, true]
        );
        let only = Table::get().with(Property::InstanceType, "m7g.large");
        assert!(!one.are_various(only));
    });
}

/// As many names beyond the table are kept as have room, and what is none takes none of it.
#[test]
fn a_value_that_names_no_instance_type_crowds_out_none() {
    let nonsense = (0..64).map(|number| format!("0-{number}"));
    let values: Vec<String> = nonsense.chain(["m99.large".to_owned()]).collect();
    let key = "node.kubernetes.io/instance-type";
    let fields = json!({"requirements": [{"key": key, "operator": "In", "values": values}]});
    assert_eq!(of_one(&fields, NodePool::state), State::Ready);
}

/// Returns a NodePool object whose template has this spec.
fn object(name: &str, template: &Value) -> Value {
    json!({"metadata": {"name": name}, "spec": {"template": {"spec": template}}})
}

/// Reads a NodePool object, which means the same as its text.
fn read(object: Value) -> Result<NodePool, FieldError> {
    let of_text = NodePool::from_json(&object.to_string());
    let read = NodePool::from_object(object);
    assert_eq!(of_text, read);
    read
}

#[test]
fn a_wrong_object_is_refused_at_its_field() {
    let requiring = |requirement: Value| {
        let first = json!({"key": "example.com/rack", "operator": "Exists"});
        object("one", &json!({"requirements": [first, requirement]}))
    };
    let tainted = |taint: Value| object("one", &json!({"taints": [taint]}));
    for (object, error) in [
        (
            object("One", &json!({})),
            "metadata.name: \"One\" is not the name of a node pool",
        ),
        (
            requiring(json!({"key": "example.com/size", "operator": "Gt", "values": ["x"]})),
            "spec.template.spec.requirements[1]: example.com/size: \"x\" is not an integer",
        ),
        (
            requiring(json!({"key": "example.com/size", "operator": "Exists", "minValues": 51})),
            "spec.template.spec.requirements[1].minValues: is none of 1 to 50",
        ),
        (
            requiring(json!({"key": "example.com/size"})),
            "spec.template.spec.requirements[1]: the field operator is missing",
        ),
        (
            tainted(json!({"key": "example.com/only", "effect": "Never"})),
            "spec.template.spec.taints[0]: \"Never\" is not one of NoSchedule, NoExecute, PreferNoSchedule",
        ),
    ] {
        assert_eq!(read(object).unwrap_err().to_string(), error);
    }
}

#[test]
fn one_to_fifty_values_may_be_demanded() {
    for (number, is_taken) in [(0, false), (1, true), (50, true), (51, false)] {
        let requirement =
            json!({"key": "example.com/size", "operator": "Exists", "minValues": number});
        let read = read(object("one", &json!({"requirements": [requirement]})));
        assert_eq!(read.is_ok(), is_taken, "{number}");
    }
}

#[test]
fn an_object_means_what_an_entry_of_a_catalogue_does() {
    let labels = json!({"example.com/team": "red"});
    let requirements = json!([
        {"key": "karpenter.k8s.aws/instance-family", "operator": "In", "values": ["m7g", "m7i"], "minValues": 2},
        {"key": "karpenter.k8s.aws/instance-cpu", "operator": "Exists", "minValues": 3},
    ]);
    let taints = json!([{"key": "example.com/only", "value": "yes", "effect": "NoSchedule"}]);
    let class = json!({"group": "karpenter.k8s.aws"});
    let template = json!({"nodeClassRef": class, "requirements": requirements, "taints": taints});
    let mut object = object("one", &template);
    object["spec"]["template"]["metadata"]["labels"] = labels.clone();
    let read = read(object).unwrap();
    let entry = json!({"labels": labels, "requirements": requirements, "taints": taints});
    of_one(&entry, |one| assert_eq!(*one, read));
    // Two families, and one number of processors.
    let mut large = Table::get().with(Property::Family, "m7g");
    large |= &Table::get().with(Property::Family, "m7i");
    assert!(read.are_various(large));
    large &= &Table::get().with(Property::Size, "large");
    assert!(!read.are_various(large));
}
