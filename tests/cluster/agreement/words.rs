//! The words of berth and of Karpenter on a pod.

use std::fmt;

use anyhow::{Context, ensure};
use berth::admission::{Record, validate};
use berth::placement::{Reason, Snapshot};
use berth::policy::Binding;
use berth::validation::{Check, Finding};
use serde_json::Value;

use super::names::{ARCH, INSTANCE_TYPE, NODE_POOL, OS, REQUIRED, ZONE};
use super::scheduler::{self, items};
use super::selectors::{allow, heaviest_preference, labelled, on, terms, worth_trying};
use crate::harness::api::text;
use crate::harness::scene::review;

/// The checks that say that no node comes.
const SAYS_NO_NODE: [Check; 2] = [Check::Unschedulable, Check::RestrictedPreference];

/// The word of berth on a pod.
pub(super) enum Berth {
    /// It is placed on these node pools.
    Placed {
        node_pools: Vec<String>,
        binding: Binding,
    },
    /// No node pool fits.
    Unschedulable(String),
    /// It is left alone, although some node pool fits.
    Neither,
    /// It is not judged, since it may be for nodes that are not Karpenter's.
    Exempt(Reason),
}

impl Berth {
    /// Reads its word from a stored pod and these warnings. The API server does not ask it about a controller's pods:
    /// the test does.
    pub(super) fn word(
        stored: &Value,
        warnings: &[String],
        snapshot: &Snapshot,
    ) -> anyhow::Result<Self> {
        let review = review(stored).to_string();
        let record = judged(&review, snapshot)?;
        let found = no_node(&record);
        if stored["metadata"].get("ownerReferences").is_none() {
            let says_so = |warning: &String| {
                let mut checks = SAYS_NO_NODE.iter();
                checks.any(|check| warning.starts_with(&format!("berth: {check}:")))
            };
            ensure!(
                warnings.iter().any(says_so) == found.is_some(),
                "warnings {warnings:?}, {found:?}: {stored}",
            );
        }
        if let Some(finding) = found {
            return Ok(Self::Unschedulable(finding.message()));
        }
        let decision = text(
            stored,
            "/metadata/annotations/placement.truemark.io~1decision",
        );
        let said = |name| {
            let mut words = decision.split(' ');
            words.find_map(|word| word.strip_prefix(name))
        };
        if let (Some(named), Some(pool)) = (said("nodePools="), said("pool=")) {
            let pool = snapshot.policy.pool(pool).context("its pool")?;
            return Ok(Self::Placed {
                node_pools: named.split(',').map(str::to_owned).collect(),
                binding: pool.binding,
            });
        }
        Ok(match record.reason {
            reason if reason.runs_elsewhere() || reason == Reason::SpecialResource => {
                Self::Exempt(reason)
            }
            _ => Self::Neither,
        })
    }

    /// Returns the word without its details.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Placed { .. } => "placed",
            Self::Unschedulable(_) => "unschedulable",
            Self::Neither => "neither",
            Self::Exempt(_) => "exempt",
        }
    }
}

/// True if berth says of a stored pod that no node comes, in a cluster as this snapshot shows it.
pub(super) fn says_no_node(stored: &Value, snapshot: &Snapshot) -> anyhow::Result<bool> {
    let review = review(stored).to_string();
    Ok(no_node(&judged(&review, snapshot)?).is_some())
}

fn no_node<'r>(record: &'r Record<'_>) -> Option<&'r Finding> {
    let mut findings = record.findings.iter();
    findings.find(|finding| SAYS_NO_NODE.contains(&finding.check))
}

fn judged<'r>(review: &'r str, snapshot: &'r Snapshot) -> anyhow::Result<Record<'r>> {
    let answer = validate(review.as_bytes(), snapshot);
    Ok(answer.map_err(|_| anyhow::anyhow!("no review"))?.record)
}

impl fmt::Display for Berth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Placed { node_pools, .. } => write!(f, " on {}", node_pools.join(", ")),
            Self::Unschedulable(message) => write!(f, ": {message}"),
            Self::Neither => Ok(()),
            Self::Exempt(reason) => write!(f, ": {reason}"),
        }
    }
}

/// The word of Karpenter on a pod.
pub(super) enum Karpenter {
    /// It runs on a node that was made for it.
    Node { node_pool: String },
    /// The scheduler does not let it run on the node that was made for it.
    Useless { node_pool: String },
    /// Karpenter's own event refuses it. A node may have been made all the same.
    Refused {
        message: String,
        node: Option<String>,
    },
    /// The API server refuses the claim of a node for it, each time anew, and Karpenter says nothing.
    ClaimRefused { message: String },
    /// It makes claims one after another, and can launch none of them.
    LaunchFailed { message: String },
    /// Karpenter takes it for a pod that wants none of its nodes, and says nothing.
    PassedOver,
}

impl fmt::Display for Karpenter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node { node_pool } => write!(f, "a node of {node_pool}"),
            Self::Useless { node_pool } => write!(f, "a node of {node_pool} of no use to it"),
            Self::Refused { message, node } => write!(f, "node {node:?}, and {message}"),
            Self::ClaimRefused { message } => write!(f, "no claim, since {message}"),
            Self::LaunchFailed { message } => write!(f, "no launch, since {message}"),
            Self::PassedOver => f.write_str("passed over"),
        }
    }
}

/// True if the scheduler lets a pod run on a node, as far as labels go: those that it selects, and the keys over which it
/// must be spread or be together.
pub(super) fn scheduler_allows(pod: &Value, node: &Value) -> bool {
    let labels = node["metadata"]["labels"].as_object().into_iter().flatten();
    let mut labels: scheduler::Labels = labels
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect();
    // Kubelets and other controllers add these.
    for (alias, key) in [
        ("beta.kubernetes.io/arch", ARCH),
        ("beta.kubernetes.io/os", OS),
        ("beta.kubernetes.io/instance-type", INSTANCE_TYPE),
        ("failure-domain.beta.kubernetes.io/zone", ZONE),
        ("topology.ebs.csi.aws.com/zone", ZONE),
    ] {
        let value = labels.get(key).cloned();
        labels.extend(value.map(|value| (alias.to_owned(), value)));
    }
    scheduler::allows(&pod["spec"], &labels)
        && hard_topology(&pod["spec"]).all(|key| labels.contains_key(key))
}

/// Returns the keys over which a pod must be spread, or be together.
pub(super) fn hard_topology(spec: &Value) -> impl Iterator<Item = &str> {
    let spread = items(&spec["topologySpreadConstraints"]).iter();
    let spread = spread.filter(|spread| spread["whenUnsatisfiable"] == "DoNotSchedule");
    let spread = spread.filter_map(|term| term["topologyKey"].as_str());
    spread.chain(together(spec))
}

/// Returns the keys over which a pod must be together with some pod, be it itself.
pub(super) fn together(spec: &Value) -> impl Iterator<Item = &str> {
    let terms = items(&spec["affinity"]["podAffinity"][REQUIRED]).iter();
    terms.filter_map(|term| term["topologyKey"].as_str())
}

/// True if Karpenter takes a pod for one that wants none of its nodes: the selector, the first required term and the
/// heaviest preference together allow no name of a node pool, real or not.
pub(super) fn passed_over(pod: &Value) -> bool {
    let spec = &pod["spec"];
    let first = terms(spec).first();
    let preferred = heaviest_preference(spec).map(|preferred| &preferred["preference"]);
    let mut asked = labelled(&spec["nodeSelector"]);
    for term in [first, preferred].into_iter().flatten() {
        asked.extend_from_slice(items(&term["matchExpressions"]));
    }
    let mut names = worth_trying(on(&asked, NODE_POOL)).into_iter().flatten();
    !names.any(|name| allow(&asked, NODE_POOL, Some(&name)))
}
