//! The workloads: the inventory brought together with berth's judgement of each.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::inventory::{Inventory, MakerFacts, Nodes, PodGroup, Spot, requests};
use super::judgement::{Judgement, judge, says_nothing};
use super::key::Key;
use super::owners;
use super::report::{Change, OtherSide, Place, Resources, Share, Then, Workload};
use super::sides::{place, stays, taken};
use crate::placement::{Reason, Snapshot, opted_in};

/// A workload of the report, with its pods node by node.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) workload: Workload,
    /// Its pods, without those that go to the other side of a split pool.
    pub(super) spots: Vec<Spot>,
    /// The pods that go there.
    pub(super) others: Vec<Spot>,
    /// True if the server denies it: it would, and the policy is in force.
    pub(super) is_denied: bool,
}

/// The pods of a workload that one decision is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'r> {
    pub(super) then: &'r Then,
    pub(super) spots: &'r [Spot],
    /// The replicas that have no pods yet.
    pub(super) to_come: u64,
}

impl Row {
    /// Returns the parts of a workload: one, or one for each side of a split pool.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let workload = &self.workload;
        let has_pods = workload.pods > 0;
        let replicas = workload.replicas.filter(|_| !has_pods).unwrap_or(0);
        let other = workload.other_side.as_ref();
        let others = other.map_or(0, |other| other.pods).min(replicas);
        let first = Part {
            then: &workload.then,
            spots: &self.spots,
            to_come: replicas - others,
        };
        let other = other.map(|other| Part {
            then: &other.then,
            spots: &self.others,
            to_come: others,
        });
        [Some(first), other].into_iter().flatten()
    }
}

/// The workloads, and what could not be judged.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    pub(super) unreadable: Vec<String>,
}

/// Judges all workloads. `assumed` are the namespaces that are judged as if they had opted in; `tell` hears how many are done.
pub(super) fn rows(
    inventory: &Inventory,
    snapshot: &Snapshot,
    assumed: &BTreeSet<String>,
    tell: &mut dyn FnMut(usize),
) -> Rows {
    let mut pods: BTreeMap<Key, Vec<&PodGroup>> = BTreeMap::new();
    for (owner, group) in &inventory.pods {
        let workload = owners::workload(owner, group, inventory);
        pods.entry(workload).or_default().push(group);
    }
    for key in without_pods(inventory) {
        pods.entry(key.clone()).or_default();
    }
    let mut rows = Rows::default();
    for (key, groups) in pods {
        let maker = inventory.makers.get(&key);
        let samples = groups.iter().filter_map(|group| group.sample()).min();
        match judge(maker, samples.map(|(_, text)| text), snapshot) {
            // Its pods are some other object's, or have not come yet.
            Ok(judgement) if groups.is_empty() && says_nothing(&judgement) => {}
            Ok(judgement) => {
                let is_assumed = assumed.contains(&*key.namespace);
                let subject = Subject {
                    key,
                    maker,
                    groups,
                    is_assumed,
                };
                rows.rows.push(subject.row(judgement, inventory));
            }
            Err(error) => {
                let Key {
                    namespace,
                    kind,
                    name,
                    ..
                } = key;
                let message = format!("{kind} {namespace}/{name}: {error}");
                rows.unreadable.push(message);
            }
        }
        tell(rows.rows.len());
    }
    rows
}

/// Returns the objects that may make pods and need none to be workloads.
fn without_pods(inventory: &Inventory) -> impl Iterator<Item = &Key> {
    let shown = |maker: &&MakerFacts| maker.text.is_some();
    let makers = inventory.makers.values().filter(shown);
    // A Knative Service makes a Configuration, which makes a Revision, which makes a Deployment: the last is the workload.
    let controllers: BTreeSet<&Key> = makers
        .filter_map(|maker| maker.controller.as_ref())
        .collect();
    let makers = inventory.makers.iter();
    makers.filter_map(move |(key, maker)| {
        let is_workload = shown(&maker) && !maker.has_ended && !controllers.contains(key);
        is_workload.then_some(key)
    })
}

/// A workload before it is judged.
struct Subject<'i> {
    key: Key,
    maker: Option<&'i MakerFacts>,
    groups: Vec<&'i PodGroup>,
    is_assumed: bool,
}

impl Subject<'_> {
    fn row(self, judgement: Judgement, inventory: &Inventory) -> Row {
        let mut spots = self.spots();
        let pods: u64 = spots.iter().map(|spot| spot.pods).sum();
        let replicas = self.maker.and_then(|maker| maker.replicas);
        let labels = inventory.namespaces.get(&self.key.namespace);
        let is_in = labels.is_some_and(opted_in);
        // A namespace that nobody knows the labels of is judged as if it had.
        let is_assumed = self.is_assumed || labels.is_none();
        let is_missed = is_in && judgement.reason == Reason::Placed && !judgement.then.audited;
        let nodes = &inventory.nodes;
        let (requests, now) = (self.requests(&spots, replicas), shares(&spots, nodes));
        let unplaced: u64 = spots.iter().map(|spot| spot.unplaced).sum();
        let other_side = judgement.other_side.as_ref().map(|other| {
            let all = if pods > 0 {
                pods
            } else {
                replicas.unwrap_or(0)
            };
            OtherSide {
                pods: other.pods(all),
                then: other.then.clone(),
            }
        });
        let others = other_side.as_ref().map_or_else(Vec::new, |other| {
            let decisions = (&judgement.then, &other.then);
            taken(&mut spots, other.pods, decisions, nodes)
        });
        let change = change(&judgement, (&spots, &others), nodes);
        Row {
            is_denied: judgement.is_denied,
            workload: Workload {
                replicas,
                pods,
                requests,
                opted_in: is_in,
                assumed: is_assumed && judgement.reason != Reason::Namespace,
                now,
                then: judgement.then,
                other_side,
                change,
                missed: if is_missed { unplaced } else { 0 },
                findings: judgement.findings,
                cost: None,
                namespace: self.key.namespace.into(),
                kind: self.key.kind.into(),
                name: self.key.name.into(),
            },
            spots,
            others,
        }
    }

    /// Returns its pods, those of all its controllers together.
    fn spots(&self) -> Vec<Spot> {
        let mut together: BTreeMap<(Option<u32>, Resources), Spot> = BTreeMap::new();
        for spot in self.groups.iter().flat_map(|group| group.spots()) {
            together
                .entry((spot.node, spot.requests))
                .and_modify(|known| {
                    known.pods += spot.pods;
                    known.unplaced += spot.unplaced;
                })
                .or_insert(spot);
        }
        together.into_values().collect()
    }

    /// Returns the requests of its pods; those of the replicas if there is no pod.
    fn requests(&self, spots: &[Spot], replicas: Option<u64>) -> Resources {
        if !spots.is_empty() {
            let spots = spots.iter();
            return spots.fold(Resources::default(), |sum, spot| {
                sum.plus(spot.requests.times(spot.pods))
            });
        }
        let text = self.maker.and_then(|maker| maker.text.as_deref());
        let value: Option<Value> = text.and_then(|text| serde_json::from_str(text).ok());
        let spec = value.as_ref().and_then(pod_spec);
        spec.map_or_else(Resources::default, |spec| {
            requests(spec).times(replicas.unwrap_or(0))
        })
    }
}

/// Returns the spec of the pods of an object.
fn pod_spec(object: &Value) -> Option<&Value> {
    let places = [
        "/spec/template/spec",
        "/spec/jobTemplate/spec/template/spec",
        "/template/spec",
    ];
    places.iter().find_map(|place| object.pointer(place))
}

fn shares(spots: &[Spot], nodes: &Nodes) -> Vec<Share> {
    let mut shares: BTreeMap<Place, u64> = BTreeMap::new();
    for spot in spots {
        let place = place(spot, nodes).cloned().unwrap_or_default();
        *shares.entry(place).or_default() += spot.pods;
    }
    let mut shares: Vec<Share> = shares
        .into_iter()
        .map(|(place, pods)| Share { place, pods })
        .collect();
    shares.sort_by_key(|share| std::cmp::Reverse(share.pods));
    shares
}

fn change(judgement: &Judgement, (spots, others): (&[Spot], &[Spot]), nodes: &Nodes) -> Change {
    let then = &judgement.then;
    if then.denied {
        return Change::Blocked;
    }
    if !judgement.reason.is_placed() {
        return Change::LeftAlone;
    }
    let goes = |spot: &Spot, then: &Then| match place(spot, nodes) {
        Some(place) => !stays(place, &then.node_pools),
        // It waits, or its node is not known: berth's own mark says if it is where it should be.
        None => spot.unplaced > 0,
    };
    let other = judgement.other_side.as_ref();
    let moves = spots.iter().any(|spot| goes(spot, then))
        || other.is_some_and(|other| others.iter().any(|spot| goes(spot, &other.then)));
    match (spots.is_empty() && others.is_empty(), moves) {
        (true, _) => Change::NoPods,
        (false, true) if judgement.runs_nowhere => Change::Blocked,
        (false, true) => Change::Moves,
        (false, false) => Change::Stays,
    }
}
