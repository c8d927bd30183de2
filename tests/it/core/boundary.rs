//! The law of the boundary: a pod gets onto no node of a pool that is closed to its namespace, and no other pod is kept
//! from any.

use std::sync::Arc;

use berth::placement::Snapshot;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::harness::review::Review;
use crate::harness::snapshots::NAMESPACE;
use crate::harness::verdict::Verdict;
use crate::model::karpenter::{hard_taints, node_label, said};
use crate::model::names::{ARCH, HOSTNAME, INJECTION_LABEL, NODE_LABELS, OS, ZONE};
use crate::model::scheduler::{admits, items};
use crate::model::selectors::{Alternative, alternatives, keys, one_of, satisfiable};
use crate::model::workloads::{pod, toleration};
use crate::model::worlds::World;
use crate::model::{recorded, runs};

/// A cluster with pools that are closed to the pod's namespace, as the page on the boundary says.
#[derive(Debug, Clone)]
struct Scene {
    snapshot: Snapshot,
    /// The node pools that only closed pools have.
    closed: Vec<Value>,
    /// All others of the catalogue.
    open: Vec<Value>,
}

/// The tolerations of a pod that count.
#[derive(Debug, Clone, Copy)]
enum Counted {
    All,
    /// Those with a key.
    Keyed,
}

impl Scene {
    fn new(mut world: World, closed: [bool; 3], opted_in: &str, wildcard: &str) -> Self {
        world.close(closed);
        let policy = &mut world.policy["spec"];
        policy["validation"]["notEntitled"] = "Deny".into();
        policy["validation"]["boundByAuthor"] = "Deny".into();
        policy["validation"]["wildcardToleration"] = wildcard.into();
        policy["mode"] = "Enforce".into();
        for rule in policy["rules"].as_array_mut().unwrap() {
            rule["mode"] = "Enforce".into();
        }
        let mut snapshot = world.snapshot();
        let labels = [(INJECTION_LABEL, opted_in), ("team", "core")];
        let known = [(NAMESPACE.into(), Arc::new(labels.into_iter().collect()))];
        snapshot.namespaces = known.into_iter().collect();
        let World {
            policy,
            node_pools,
            late,
            of_namespace: _,
        } = world;
        let pools = items(&policy["spec"]["pools"]);
        let is_closed = |node_pool: &Value| {
            let mut of = pools
                .iter()
                .filter(|pool| items(&pool["nodePools"]).contains(&node_pool["name"]))
                .peekable();
            of.peek().is_some() && of.all(|pool| !pool["namespaces"].is_null())
        };
        let (closed, open) = node_pools.into_iter().chain(late).partition(is_closed);
        Self {
            snapshot,
            closed,
            open,
        }
    }

    fn created(&self, pod: &Value) -> Verdict {
        Review::of(pod).validate(&self.snapshot)
    }

    fn updated(&self, pod: &Value, old: &Value) -> Verdict {
        Review::of_update(pod, old).validate(&self.snapshot)
    }

    /// Returns the closed node pools whose taints keep pods away.
    fn tainted(&self) -> impl Iterator<Item = &Value> {
        let closed = self.closed.iter();
        closed.filter(|node_pool| !hard_taints(node_pool).is_empty())
    }

    /// Reports a closed node pool that an admitted pod gets onto by what it asks for.
    fn intrusion(&self, spec: &Value) -> Option<String> {
        let name = |node_pool: &Value| node_pool["name"].to_string();
        let mut tainted = self.tainted();
        if let Some(node_pool) = tainted.find(|closed| enters(spec, closed, Counted::Keyed)) {
            return Some(format!("by a toleration with a key: {}", name(node_pool)));
        }
        // Without a key it may, if each of its terms could as well run on a node that nobody closed.
        let unlisted = NODE_LABELS.map(absent);
        let nowhere_else = |alternative: &Alternative| {
            let meets =
                |labels: &[Value]| satisfiable(&[&alternative.requirements, labels].concat());
            let enters = |node_pool: &&Value| {
                tolerates(spec, node_pool, Counted::All) && meets(&labels(node_pool))
            };
            let closed = self.closed.iter().find(enters)?;
            let elsewhere = meets(&unlisted) || self.open.iter().any(|open| enters(&open));
            (!elsewhere).then(|| format!("and nowhere else: {}", name(closed)))
        };
        alternatives(spec).iter().find_map(nowhere_else)
    }
}

/// True if kube-scheduler may put the pod on a node of the node pool. The node may have got any label since.
fn enters(spec: &Value, node_pool: &Value, counted: Counted) -> bool {
    let labels = labels(node_pool);
    let mut alternatives = alternatives(spec).into_iter();
    tolerates(spec, node_pool, counted)
        && alternatives.any(|alternative| {
            let all = [alternative.requirements, labels.clone()].concat();
            satisfiable(&all)
        })
}

/// Returns what is certain of the labels of the node pool's nodes. One label alone names the node pool of a node: a
/// node that gets another is a node of another node pool.
fn labels(node_pool: &Value) -> Vec<Value> {
    let own = node_label(node_pool);
    let named = NODE_LABELS.map(|label| {
        if label == own {
            one_of(label, [&node_pool["name"]])
        } else {
            absent(label)
        }
    });
    [&named[..], &said(node_pool)].concat()
}

fn absent(label: &str) -> Value {
    json!({"key": label, "operator": "DoesNotExist"})
}

fn tolerates(spec: &Value, node_pool: &Value, counted: Counted) -> bool {
    let tolerated = |taint: &&Value| is_admitted(spec, taint, counted);
    hard_taints(node_pool).iter().all(tolerated)
}

/// True if one of the pod's tolerations lets it onto a node with the taint.
fn is_admitted(spec: &Value, taint: &Value, counted: Counted) -> bool {
    let has_key = |toleration: &Value| !matches!(toleration["key"].as_str(), None | Some(""));
    items(&spec["tolerations"]).iter().any(|toleration| {
        let counts = match counted {
            Counted::All => true,
            Counted::Keyed => has_key(toleration),
        };
        counts && admits(toleration, taint)
    })
}

fn scene(wildcard: &'static str) -> impl Strategy<Value = Scene> {
    let closed = select(vec![
        [false, true, false],
        [true, true, false],
        [false, true, true],
        [true, true, true],
    ]);
    let opted_in = select(vec!["enabled", "disabled"]);
    (World::shipped_or_any(1, 3), closed, opted_in)
        .prop_map(move |(world, closed, opted_in)| Scene::new(world, closed, opted_in, wildcard))
}

fn tolerations() -> impl Strategy<Value = Vec<Value>> {
    vec(toleration(), 1..4)
}

fn with_tolerations(pod: &Value, added: &[Value]) -> Value {
    let mut pod = pod.clone();
    let tolerations = [items(&pod["spec"]["tolerations"]), added].concat();
    pod["spec"]["tolerations"] = tolerations.into();
    pod
}

proptest! {
    #![proptest_config(runs::usual())]

    /// The pod is created as it is, or once berth has placed it, and gets more tolerations later.
    #[test]
    fn a_pod_gets_onto_no_node_of_a_pool_that_is_closed_to_it(
        pod in pod(),
        scene in scene("Warn"),
        placed in any::<bool>(),
        created_with in tolerations(),
        added in tolerations(),
    ) {
        let mut pod = with_tolerations(&pod, &created_with);
        if placed {
            let verdict = Review::of(&pod).mutate(&scene.snapshot);
            pod = verdict.patched(&pod).unwrap();
        }
        if scene.created(&pod).allowed {
            let intrusion = scene.intrusion(&pod["spec"]);
            prop_assert!(intrusion.is_none(), "{}: {pod}", intrusion.unwrap());
            let changed = with_tolerations(&pod, &added);
            if scene.updated(&changed, &pod).allowed {
                let intrusion = scene.intrusion(&changed["spec"]);
                prop_assert!(intrusion.is_none(), "{}, with {added:?}: {pod}", intrusion.unwrap());
            }
        }
    }

    /// A policy that denies tolerations without a key keeps every pod out by a taint.
    #[test]
    fn no_toleration_at_all_lets_a_pod_into_a_closed_pool(
        pod in pod(),
        scene in scene("Deny"),
        added in tolerations(),
    ) {
        let entered = |pod: &Value| {
            let tainted = scene.tainted();
            tainted.filter(|node_pool| enters(&pod["spec"], node_pool, Counted::All)).count()
        };
        if scene.created(&pod).allowed {
            prop_assert_eq!(entered(&pod), 0, "{}", pod);
            let changed = with_tolerations(&pod, &added);
            if scene.updated(&changed, &pod).allowed {
                prop_assert_eq!(entered(&changed), 0, "{:?} for {}", added, pod);
            }
        }
    }

    /// The pod neither asks for a closed pool, nor tolerates its taints by key, nor selects by a label that only some
    /// nodes have.
    #[test]
    fn a_pod_that_wants_nothing_closed_is_let_through(mut pod in pod(), scene in scene("Warn")) {
        pod["metadata"]["labels"] = Value::Null;
        let spec = &pod["spec"];
        let opens = scene.closed.iter().flat_map(hard_taints).any(|taint| {
            is_admitted(spec, taint, Counted::Keyed)
        });
        let selects = alternatives(spec).iter().any(|alternative| {
            let keys = keys(&alternative.requirements);
            keys.into_iter().any(|key| ![ARCH, ZONE, OS, HOSTNAME].contains(&key))
        });
        let verdict = scene.created(&pod);
        let found = verdict.finds("not-entitled");
        prop_assert!(opens || selects || !found, "{:?}", verdict.denial);
    }
}

/// The recorded workloads know nothing of berth's pools, so closed pools deny none of them.
#[test]
fn recorded_workloads_are_let_through() {
    let workloads = recorded::workloads("the law of the boundary");
    for opted_in in ["enabled", "disabled"] {
        let closed = [false, true, true];
        let scene = Scene::new(World::shipped(), closed, opted_in, "Warn");
        for (origin, object) in &workloads {
            let verdict = scene.created(object);
            let bound = verdict.finds("bound-by-author");
            assert!(verdict.allowed || bound, "{origin}: {:?}", verdict.denial);
        }
    }
}
