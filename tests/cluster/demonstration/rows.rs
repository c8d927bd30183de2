//! The pods that the demonstration shows: which workload each is of, where it runs, and why there.

use std::collections::{BTreeMap, BTreeSet};

use berth::admission::mutate;
use berth::placement::{Reason, Siblings, Snapshot};
use berth::policy::{embedded_node_pools, embedded_policy, read_policy_spec};
use serde_json::Value;

use crate::harness::api::{Api, text};
use crate::harness::node_pools::{Place, places};
use crate::harness::scene::review;

/// The namespace of the examples.
const EXAMPLES: &str = "berth-examples";

const POLICY: &str = "/apis/placement.truemark.io/v1alpha1/placementpolicies/default";

const DECISION: &str = "/metadata/annotations/placement.truemark.io~1decision";

/// The namespaces whose pods are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// That of the examples: in a cluster of somebody's the others are none of ours.
    Examples,
    /// All that opted in.
    OptedIn,
}

/// A pod as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shown {
    /// The workload that made it, with its namespace unless that is the one of the examples.
    pub(super) workload: String,
    /// Its own name, in the same form.
    pub(super) pod: String,
    pub(super) phase: String,
    pub(super) place: Option<Place>,
    /// The rule that placed it, or the reason for which berth left it alone.
    pub(super) why: String,
}

/// A reader of pods. It remembers nodes, since the node of a Job can go before the Job does.
pub(super) struct Reader {
    scope: Scope,
    seen: BTreeMap<String, Place>,
}

impl Reader {
    pub(super) fn new(scope: Scope) -> Self {
        let seen = BTreeMap::new();
        Self { scope, seen }
    }

    /// Returns the pods as they are now, in the order of their workloads.
    pub(super) async fn pods(&mut self, api: &Api) -> anyhow::Result<Vec<Shown>> {
        self.seen.extend(places(api).await?);
        let policy = api.get(POLICY).await.ok().flatten().unwrap_or_default();
        let mut shown = Vec::new();
        for namespace in self.namespaces(api).await? {
            let path = format!("/api/v1/namespaces/{namespace}/pods");
            for pod in api.list(&path).await? {
                shown.push(self.shown(&pod, &policy));
            }
        }
        shown.sort();
        Ok(shown)
    }

    async fn namespaces(&self, api: &Api) -> anyhow::Result<BTreeSet<String>> {
        let mut names = BTreeSet::from([EXAMPLES.to_owned()]);
        if self.scope == Scope::OptedIn {
            let selector = "placement.truemark.io%2Finjection=enabled";
            let path = format!("/api/v1/namespaces?labelSelector={selector}");
            let found = api.list(&path).await?;
            names.extend(
                found
                    .iter()
                    .map(|one| text(one, "/metadata/name").to_owned()),
            );
        }
        Ok(names)
    }

    fn shown(&self, pod: &Value, policy: &Value) -> Shown {
        let phase = match text(pod, "/metadata/deletionTimestamp") {
            "" => text(pod, "/status/phase"),
            _ => "Terminating",
        };
        Shown {
            workload: named(pod, workload(pod)),
            pod: named(pod, text(pod, "/metadata/name")),
            phase: phase.to_owned(),
            place: self.seen.get(text(pod, "/spec/nodeName")).cloned(),
            why: why(pod, policy),
        }
    }
}

/// Returns a name, with the pod's namespace unless that is the one of the examples.
fn named(pod: &Value, name: &str) -> String {
    match text(pod, "/metadata/namespace") {
        EXAMPLES => name.to_owned(),
        namespace => format!("{namespace}/{name}"),
    }
}

/// Returns the name of the workload that a person made: a `ReplicaSet` has the name of its Deployment and a hash, a Job of a
/// `CronJob` the name of that and the time in minutes.
fn workload(pod: &Value) -> &str {
    let owner = text(pod, "/metadata/ownerReferences/0/name");
    if owner.is_empty() {
        return text(pod, "/metadata/name");
    }
    let hash = text(pod, "/metadata/labels/pod-template-hash");
    let is_time = |end: &str| end.len() > 7 && end.bytes().all(|byte| byte.is_ascii_digit());
    match owner.rsplit_once('-') {
        Some((name, end)) if end == hash || is_time(end) => name,
        _ => owner,
    }
}

/// Returns why a pod is where it is: the rule of berth's annotation. Nothing records why a pod was left alone, so berth
/// decides again on the pod as it came.
fn why(pod: &Value, policy: &Value) -> String {
    let rule = text(pod, DECISION)
        .split(' ')
        .find_map(|word| word.strip_prefix("rule="));
    if let Some(rule) = rule {
        // Anybody can write an annotation.
        let printable = rule.chars().filter(char::is_ascii_graphic).take(63);
        return format!("rule {}", printable.collect::<String>());
    }
    match left_alone(pod, policy) {
        // berth would place it now: it did not when the pod came.
        Some(Reason::Placed) if text(policy, "/spec/mode") == "Audit" => {
            "left alone: Audit".to_owned()
        }
        Some(Reason::Placed) | None => "not placed".to_owned(),
        Some(reason) => format!("left alone: {reason}"),
    }
}

/// Decides on a pod with the cluster's policy, or with the default one if it has none.
fn left_alone(pod: &Value, policy: &Value) -> Option<Reason> {
    let mut pod = pod.clone();
    if let Some(spec) = pod["spec"].as_object_mut() {
        spec.remove("nodeName");
    }
    let (policy, _) = match policy.get("spec") {
        Some(spec) => read_policy_spec(spec).ok()?,
        None => embedded_policy().ok()?,
    };
    let snapshot = Snapshot::new(policy, embedded_node_pools().ok()?).ok()?;
    let record = mutate(
        review(&pod).to_string().as_bytes(),
        &snapshot,
        &Siblings::none,
    )
    .ok()?
    .record
    .reason;
    Some(record)
}
