//! The law of the boundary: who may not use a pool does not get onto its nodes, and nobody else is kept from any.

use std::sync::Arc;

use berth::placement::Snapshot;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::checks::{alternatives, satisfies_all};
use crate::generate::{self, World};
use crate::laws;
use crate::reviews::{self, NAMESPACE, Reply, Review};
use crate::scheduler::{admits, items};

/// A cluster with pools that are closed to the pod's namespace, as the boundary's page says.
#[derive(Debug, Clone)]
struct Scene {
    snapshot: Snapshot,
    /// The node pools that only closed pools have.
    closed: Vec<Value>,
    /// All others of the catalogue.
    open: Vec<Value>,
}

impl Scene {
    fn new(mut world: World, closed: [bool; 3], opted_in: &str, wildcard: &str) -> Self {
        let validation = &mut world.policy["spec"]["validation"];
        validation["notEntitled"] = "Deny".into();
        validation["boundByAuthor"] = "Deny".into();
        validation["wildcardToleration"] = wildcard.into();
        world.policy["spec"]["mode"] = "Enforce".into();
        for rule in world.policy["spec"]["rules"].as_array_mut().unwrap() {
            rule["mode"] = "Enforce".into();
        }
        let pools = world.policy["spec"]["pools"].as_array_mut().unwrap();
        for (pool, closed) in pools.iter_mut().zip(closed) {
            if closed {
                pool["namespaces"] = json!({"matchLabels": {"team": "payments"}});
            }
        }
        let pools = pools.clone();
        let is_closed = |node_pool: &Value| {
            let mut of = pools
                .iter()
                .filter(|pool| items(&pool["nodePools"]).contains(&node_pool["name"]))
                .peekable();
            of.peek().is_some() && of.all(|pool| !pool["namespaces"].is_null())
        };
        let mut snapshot = world.snapshot();
        let labels = [
            ("placement.truemark.io/injection", opted_in),
            ("team", "core"),
        ];
        let known = [(NAMESPACE.into(), Arc::new(labels.into_iter().collect()))];
        snapshot.namespaces = Arc::new(known.into_iter().collect());
        let (closed, open) = world.node_pools.into_iter().partition(is_closed);
        Self {
            snapshot,
            closed,
            open,
        }
    }

    fn created(&self, pod: &Value) -> Reply {
        reviews::validate(&Review::of(pod).body(), &self.snapshot)
    }

    fn updated(&self, pod: &Value, old: &Value) -> Reply {
        let mut review = Review::of(pod);
        review.request = json!({"operation": "UPDATE", "oldObject": old});
        reviews::validate(&review.body(), &self.snapshot)
    }

    /// The closed node pool that an admitted pod gets onto by what it asks for, if there is one.
    fn intruded(&self, spec: &Value) -> Option<String> {
        let name = |node_pool: &Value| node_pool["name"].to_string();
        let by_key = self
            .closed
            .iter()
            .filter(|node_pool| !hard_taints(node_pool).is_empty())
            .find(|node_pool| enters(spec, node_pool, true));
        if let Some(node_pool) = by_key {
            return Some(format!("by a toleration with a key: {}", name(node_pool)));
        }
        // Without a key it may, where it could as well run on a node that nobody closed: so it is with each of its terms.
        let absent = |label| json!({"key": label, "operator": "DoesNotExist"});
        let unlisted = generate::NODE_LABELS.map(absent);
        let nowhere_else = |alternative: &Vec<Value>| {
            let meets = |labels: &[Value]| satisfies_all(&[alternative, labels].concat());
            let enters =
                |node_pool: &&Value| tolerates(spec, node_pool, false) && meets(&labels(node_pool));
            let closed = self.closed.iter().find(enters)?;
            let elsewhere = meets(&unlisted) || self.open.iter().any(|open| enters(&open));
            (!elsewhere).then(|| format!("and nowhere else: {}", name(closed)))
        };
        alternatives(spec).iter().find_map(nowhere_else)
    }
}

fn hard_taints(node_pool: &Value) -> Vec<&Value> {
    let hard = |taint: &&Value| taint["effect"] != "PreferNoSchedule";
    items(&node_pool["taints"]).iter().filter(hard).collect()
}

/// Whether kube-scheduler may put the pod on a node of the node pool, whatever labels it got since.
fn enters(spec: &Value, node_pool: &Value, by_key: bool) -> bool {
    let labels = labels(node_pool);
    let mut alternatives = alternatives(spec).into_iter();
    tolerates(spec, node_pool, by_key)
        && alternatives.any(|alternative| satisfies_all(&[alternative, labels.clone()].concat()))
}

/// What is certain of the labels of the node pool's nodes. A node is of one node pool, and so has one label that names it:
/// whoever gives it another makes it a node of another.
fn labels(node_pool: &Value) -> Vec<Value> {
    let own = generate::node_label(node_pool);
    let named = generate::NODE_LABELS.map(|label| {
        if label == own {
            json!({"key": label, "operator": "In", "values": [node_pool["name"]]})
        } else {
            json!({"key": label, "operator": "DoesNotExist"})
        }
    });
    [&named[..], items(&node_pool["requirements"])].concat()
}

fn tolerates(spec: &Value, node_pool: &Value, by_key: bool) -> bool {
    let counts = |toleration: &&Value| !by_key || has_key(toleration);
    let tolerated = |taint: &&Value| {
        let mut tolerations = items(&spec["tolerations"]).iter().filter(counts);
        tolerations.any(|toleration| admits(toleration, taint))
    };
    hard_taints(node_pool).iter().all(tolerated)
}

fn has_key(toleration: &Value) -> bool {
    toleration["key"]
        .as_str()
        .is_some_and(|key| !key.is_empty())
}

fn scene(wildcard: &'static str) -> impl Strategy<Value = Scene> {
    let world = prop_oneof![1 => Just(World::shipped()), 3 => generate::world()];
    let closed = select(vec![
        [false, true, false],
        [true, true, false],
        [false, true, true],
        [true, true, true],
    ]);
    let opted_in = select(vec!["enabled", "disabled"]);
    (world, closed, opted_in)
        .prop_map(move |(world, closed, opted_in)| Scene::new(world, closed, opted_in, wildcard))
}

/// A pod, by hand or by a controller; of a workload, one that its template makes.
fn pod() -> impl Strategy<Value = Value> {
    generate::workload().prop_map(|object| {
        let path = reviews::template_path(object["kind"].as_str().unwrap());
        let mut pod = object.pointer(path).unwrap().clone();
        pod["apiVersion"] = "v1".into();
        pod["kind"] = "Pod".into();
        pod
    })
}

fn tolerations() -> impl Strategy<Value = Vec<Value>> {
    proptest::collection::vec(generate::toleration(), 1..4)
}

fn with_tolerations(pod: &Value, added: &[Value]) -> Value {
    let mut pod = pod.clone();
    let tolerations = [items(&pod["spec"]["tolerations"]), added].concat();
    pod["spec"]["tolerations"] = tolerations.into();
    pod
}

proptest! {
    #![proptest_config(laws::config())]

    /// Created as it is, or once berth has placed it, and whatever tolerations are added later.
    #[test]
    fn whoever_may_not_use_a_pool_does_not_get_onto_its_nodes(
        pod in pod(),
        scene in scene("Warn"),
        placed in any::<bool>(),
        created_with in tolerations(),
        added in tolerations(),
    ) {
        let mut pod = with_tolerations(&pod, &created_with);
        if placed {
            let reply = reviews::mutate(&Review::of(&pod).body(), &scene.snapshot);
            pod = reviews::patched(&pod, &reply.patch).unwrap();
        }
        if scene.created(&pod).allowed {
            let intruded = scene.intruded(&pod["spec"]);
            prop_assert!(intruded.is_none(), "{}: {pod}", intruded.unwrap());
            let changed = with_tolerations(&pod, &added);
            if scene.updated(&changed, &pod).allowed {
                let intruded = scene.intruded(&changed["spec"]);
                prop_assert!(intruded.is_none(), "{}, with {added:?}: {pod}", intruded.unwrap());
            }
        }
    }

    /// Where tolerations without a key are refused, a taint keeps everybody out.
    #[test]
    fn no_toleration_at_all_lets_anybody_in(
        pod in pod(),
        scene in scene("Deny"),
        added in tolerations(),
    ) {
        let intruded = |pod: &Value| {
            let tainted = scene.closed.iter().filter(|node_pool| !hard_taints(node_pool).is_empty());
            tainted.filter(|node_pool| enters(&pod["spec"], node_pool, false)).count()
        };
        if scene.created(&pod).allowed {
            prop_assert_eq!(intruded(&pod), 0, "{}", pod);
            let changed = with_tolerations(&pod, &added);
            if scene.updated(&changed, &pod).allowed {
                prop_assert_eq!(intruded(&changed), 0, "{:?} for {}", added, pod);
            }
        }
    }

    /// A pod that neither asks for a closed pool, nor tolerates its taints by key, nor selects by a label that only some
    /// nodes have, is nobody's business.
    #[test]
    fn whoever_wants_nothing_closed_is_let_through(mut pod in pod(), scene in scene("Warn")) {
        pod["metadata"]["labels"] = Value::Null;
        let spec = &pod["spec"];
        let by_key = |taint: &&Value| {
            let mut tolerations = items(&spec["tolerations"]).iter().filter(|one| has_key(one));
            tolerations.any(|toleration| admits(toleration, taint))
        };
        let opens = scene
            .closed
            .iter()
            .any(|node_pool| hard_taints(node_pool).iter().any(by_key));
        let of_every_node = [
            "kubernetes.io/arch",
            "beta.kubernetes.io/arch",
            "topology.kubernetes.io/zone",
            "failure-domain.beta.kubernetes.io/zone",
            "kubernetes.io/os",
            "kubernetes.io/hostname",
        ];
        let selects = alternatives(spec).concat().iter().any(|requirement| {
            !of_every_node.contains(&requirement["key"].as_str().unwrap())
        });
        let reply = scene.created(&pod);
        let found = reply.findings.contains(&"not-entitled".to_owned());
        prop_assert!(opens || selects || !found, "{:?}", reply.denial);
    }
}

/// What people have written knows nothing of berth's pools, so nothing of it is refused, wherever the pools are closed.
#[test]
fn recorded_workloads_are_let_through() {
    let corpus = laws::corpus_or_notice("the law of the boundary");
    for opted_in in ["enabled", "disabled"] {
        let closed = [false, true, true];
        let scene = Scene::new(World::shipped(), closed, opted_in, "Warn");
        for (origin, object) in &corpus {
            let reply = scene.created(object);
            let bound = reply.findings.contains(&"bound-by-author".to_owned());
            assert!(reply.allowed || bound, "{origin}: {:?}", reply.denial);
        }
    }
}
