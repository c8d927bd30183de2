//! Drafted policies: for any node pools, berth accepts the policy, and it names nothing that is not there.

use std::collections::BTreeSet;
use std::sync::Arc;

use berth::label::{ARCH, OS};
use berth::lint::{Extent, Lint, lint};
use berth::node::{Catalogue, NodePool, State};
use berth::placement::{Reason, Snapshot};
use berth::policy::{Architecture, DraftForm, Mode, NoNodePool, Place, draft, read_policy};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use crate::harness::repository;
use crate::harness::review::Review;
use crate::harness::snapshots::opted_in;
use crate::model::runs;

/// Generates a NodePool object.
fn node_pool(name: String) -> impl Strategy<Value = Value> {
    let requirement = |key: &'static str, values: &'static [&'static str]| {
        subsequence(values, 1..=values.len())
            .prop_map(move |values| json!({"key": key, "operator": "In", "values": values}))
    };
    let taint = |name: &str| {
        prop_oneof![
            6 => Just(json!([])),
            2 => Just(json!([{"key": "karpenter.sh/nodepool", "value": name, "effect": "NoSchedule"}])),
            2 => Just(json!([{"key": "dedicated", "value": "payments", "effect": "NoExecute"}])),
            1 => Just(json!([{"key": ARCH, "value": "arm64", "effect": "NoSchedule"}])),
            1 => Just(json!([{"key": "x", "effect": "PreferNoSchedule"}])),
            1 => Just(json!([{"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}])),
            1 => Just(json!([{"key": "CriticalAddonsOnly", "effect": "NoSchedule"}])),
        ]
    };
    let architecture = prop_oneof![
        8 => requirement(ARCH, &["amd64", "arm64"]),
        1 => Just(json!({"key": ARCH, "operator": "NotIn", "values": ["amd64"]})),
        1 => Just(json!({"key": ARCH, "operator": "In", "values": ["s390x"]})),
    ];
    let state = prop_oneof![
        8 => Just(json!({})),
        1 => Just(json!({"replicas": 1})),
        1 => Just(json!({"limits": {"nodes": 0}})),
    ];
    (
        proptest::option::weighted(0.9, architecture),
        proptest::option::weighted(0.8, requirement("karpenter.sh/capacity-type", &["spot", "on-demand", "reserved"])),
        proptest::option::weighted(0.3, requirement(OS, &["linux", "windows"])),
        proptest::option::weighted(0.2, requirement("karpenter.k8s.aws/instance-family", &["m5", "m7g", "g5"])),
        taint(&name),
        select(vec!["", "red", "blue"]),
        state,
        select(vec!["karpenter.k8s.aws", "eks.amazonaws.com", "karpenter.kwok.sh"]),
    )
        .prop_map(move |(arch, capacity, os, family, taints, team, mut spec, class)| {
            let requirements: Vec<Value> = [arch, capacity, os, family].into_iter().flatten().collect();
            let labels = if team.is_empty() { json!({}) } else { json!({"example.com/team": team}) };
            spec["template"] = json!({
                "metadata": {"labels": labels},
                "spec": {"nodeClassRef": {"group": class}, "requirements": requirements, "taints": taints},
            });
            json!({"metadata": {"name": name}, "spec": spec})
        })
}

fn objects() -> impl Strategy<Value = Vec<Value>> {
    let name = prop_oneof![
        select(vec![
            "amd64-default",
            "arm64-default",
            "general",
            "default",
            "batch",
            "ci-amd64",
            "ci-arm64",
            "on-demand",
            "spot",
            "123",
            "true",
            "null",
            "amd64",
            "arm64",
            "1e3",
            "a.b",
            "team-a",
            "team-b",
            "gpu",
            "windows",
        ])
        .prop_map(str::to_owned),
        "[a-z0-9]{1,63}",
        "[a-z]{60}-[a-z]{2}",
    ];
    vec(name.prop_flat_map(node_pool), 0..12)
}

fn catalogues() -> impl Strategy<Value = Catalogue> {
    objects().prop_map(|objects| read(&objects))
}

/// Reads NodePool objects. Of several with one name, the last counts.
fn read(objects: &[Value]) -> Catalogue {
    let read = objects.iter().cloned();
    read.map(|object| Arc::new(NodePool::from_object(object).unwrap()))
        .collect()
}

/// Returns the reason of the decision for a pod that asks for nothing.
fn of_plain_pod(snapshot: &Snapshot) -> Reason {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"},
        "spec": {"containers": [{"name": "web", "image": "web"}]},
    });
    Review::of(&pod).mutate(snapshot).reason
}

/// True if pods that ask for nothing can go to a node pool, and it is made for them.
fn is_plain(node_pool: &NodePool) -> bool {
    let is_open = node_pool.hard_taints().next().is_none();
    let made_for_others = node_pool
        .offered("karpenter.k8s.aws/instance-family")
        .is_some();
    let fits = node_pool.may_have(OS, "linux")
        && ["amd64", "arm64"].iter().any(|name| node_pool.offers(name));
    node_pool.state() == State::Ready && is_open && fits && !made_for_others
}

proptest! {
    #![proptest_config(runs::usual())]

    /// berth accepts a draft. Each node pool of its pools is there, in one pool alone, and so is its default architecture.
    #[test]
    fn a_draft_is_a_policy_over_the_node_pools_that_there_are(catalogue in catalogues()) {
        let draft = match draft(&catalogue, Mode::Enforce, DraftForm::Object) {
            Ok(draft) => draft,
            Err(error) => {
                prop_assert_eq!(error == NoNodePool::None, catalogue.is_empty());
                prop_assert!(!catalogue.iter().any(is_plain), "{}", error);
                return Ok(());
            }
        };
        let read = read_policy(&draft.text);
        prop_assert!(read.is_ok(), "{:?}\n{}", read, draft.text);
        let (policy, _) = read.unwrap();
        let names: Vec<&str> = policy.pools().iter().map(|pool| &*pool.name).collect();
        prop_assert_eq!(&names, &draft.pools);
        let mut seen = BTreeSet::new();
        for pool in policy.pools() {
            for name in &pool.node_pools {
                prop_assert!(seen.insert(name), "{} is in two pools", name);
                let found = catalogue.lasting(name);
                prop_assert!(found.is_some_and(|found| found.state() != State::Static), "{}", name);
            }
        }
        prop_assert_eq!(seen.len(), draft.node_pools);
        let Architecture::One(position) = policy.default_architecture() else {
            panic!("{}", draft.text);
        };
        let architecture = &policy.architectures()[position];
        let last = policy.rules().last().map(|rule| &rule.place);
        let of_rule = match last {
            Some(Place::Pool(pool)) => pool.node_pools.clone(),
            _ => seen.iter().map(|name| Arc::clone(name)).collect(),
        };
        let offers = |name: &Arc<str>| catalogue.get(name).is_some_and(|found| found.offers(architecture));
        prop_assert!(of_rule.iter().any(offers), "{}", draft.text);
        let widest = draft.text.lines().map(|line| line.chars().count()).max();
        prop_assert!(widest <= Some(132), "{}", draft.text);
    }

    /// A pod that asks for nothing is placed if some node pool is for it.
    #[test]
    fn a_plain_pod_is_placed(catalogue in catalogues()) {
        if catalogue.iter().any(is_plain) {
            let draft = draft(&catalogue, Mode::Enforce, DraftForm::Object).unwrap();
            let (policy, _) = read_policy(&draft.text).unwrap();
            let snapshot = opted_in(policy, catalogue).unwrap();
            prop_assert_eq!(of_plain_pod(&snapshot), Reason::Placed, "{}", draft.text);
        }
    }

    /// Of a draft, the lints find only what the node pools bring along. A pool of one architecture, which pods ask for by
    /// label, is one.
    #[test]
    fn a_draft_is_linted(objects in objects()) {
        if let Ok(draft) = draft(&read(&objects), Mode::Enforce, DraftForm::Object) {
            let policy = repository::values_of(&draft.text).remove(0);
            let node_pools: Vec<&Value> = objects.iter().collect();
            for flaw in lint(&policy, &node_pools, Extent::Whole).flaws {
                let is_of_node_pools = matches!(
                    flaw.lint,
                    Lint::RepeatedNodePool
                        | Lint::MissingArchitecture
                        | Lint::LeakyNodePool
                        | Lint::EmptyNodePool
                        | Lint::UnnamedNodePool
                );
                prop_assert!(is_of_node_pools, "{:?}\n{}", flaw, draft.text);
            }
        }
    }

    /// The order in which the node pools come changes nothing.
    #[test]
    fn a_draft_is_deterministic(catalogue in catalogues()) {
        let turned: Vec<NodePool> = catalogue.iter().cloned().collect();
        let turned: Catalogue = turned.into_iter().rev().map(Arc::new).collect();
        prop_assert_eq!(draft(&turned, Mode::Audit, DraftForm::Object), draft(&catalogue, Mode::Audit, DraftForm::Object));
    }
}

/// The draft over the node pools that ship is the policy that ships, but for the order of pools and what it says of Jobs.
#[test]
fn the_draft_over_the_shipped_node_pools_has_the_shipped_pools() {
    let node_pools = berth::policy::embedded_node_pools().unwrap();
    let (drafted, _) = read_policy(
        &draft(&node_pools, Mode::Enforce, DraftForm::Object)
            .unwrap()
            .text,
    )
    .unwrap();
    let (shipped, _) = berth::policy::embedded_policy().unwrap();
    for pool in shipped.pools() {
        let drafted = drafted.pool(&pool.name).unwrap();
        assert_eq!(drafted.node_pools, pool.node_pools);
        assert_eq!(drafted.annotations, pool.annotations);
    }
    assert_eq!(drafted.pools().len(), shipped.pools().len());
    assert_eq!(drafted.architectures(), shipped.architectures());
    assert_eq!(
        drafted.default_architecture(),
        shipped.default_architecture()
    );
    let names = |policy: &berth::policy::Policy| -> Vec<Arc<str>> {
        policy
            .rules()
            .iter()
            .map(|rule| Arc::clone(&rule.name))
            .collect()
    };
    assert_eq!(names(&drafted), names(&shipped));
}
