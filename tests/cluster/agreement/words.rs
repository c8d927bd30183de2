//! The words of berth and of Karpenter on a pod, and their comparison.

use std::fmt;

use anyhow::{Context, ensure};
use berth::admission::validate;
use berth::encoding::json::Reader;
use berth::node::{Asked, NodePool, Operator, Taint};
use berth::placement::{Reason, Snapshot};
use berth::pod::{Alternative, Spec, Template, Term};
use berth::policy::Binding;
use berth::validation::Check;
use serde_json::Value;

use super::names::{ARCH, NODE_POOL, OS, ZONE};
use super::provider::Provider;
use super::scheduler::{self, items};
use super::selectors::{allow, heaviest_preference, labelled, on, terms, worth_trying};
use crate::harness::api::text;
use crate::harness::scene::review;

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
        let record = validate(review.as_bytes(), snapshot)
            .map_err(|_| anyhow::anyhow!("no review"))?
            .record;
        let mut findings = record.findings.iter();
        let found = findings.find(|finding| finding.check == Check::Unschedulable);
        if stored["metadata"].get("ownerReferences").is_none() {
            let mut warnings = warnings.iter();
            let warned = warnings.any(|warning| warning.starts_with("berth: unschedulable:"));
            ensure!(
                warned == found.is_some(),
                "warnings {warnings:?}, {found:?}"
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
            reason @ (Reason::Os | Reason::HostPinned) => Self::Exempt(reason),
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
            Self::PassedOver => f.write_str("passed over"),
        }
    }
}

/// The comparison of two words.
pub(super) enum Verdict {
    Agree,
    /// They differ for a reason of Karpenter's or of the provider's, which berth does not follow.
    Explained(&'static str),
    Differ,
}

pub(super) fn compare(
    berth: &Berth,
    karpenter: &Karpenter,
    stored: &Value,
    snapshot: &Snapshot,
    provider: &Provider,
) -> anyhow::Result<Verdict> {
    let text = stored.to_string();
    let spec = Template::read(&mut Reader::new(&text))?.spec;
    let spec = spec.unwrap_or_default();
    Ok(match (berth, karpenter) {
        (Berth::Placed { node_pools, .. }, Karpenter::Node { node_pool })
            if node_pools.contains(node_pool) =>
        {
            Verdict::Agree
        }
        (
            Berth::Unschedulable(_),
            Karpenter::Refused { node: None, .. } | Karpenter::ClaimRefused { .. },
        )
        | (Berth::Neither | Berth::Exempt(_), Karpenter::Node { .. }) => Verdict::Agree,
        // A pod that Karpenter passes over gets neither a node nor an event.
        (Berth::Unschedulable(_), Karpenter::PassedOver) => Verdict::Explained("no event"),
        // berth does not judge pods for Windows and pods that are pinned to a host: their nodes may be made by others.
        (Berth::Exempt(_), Karpenter::Refused { node: None, .. }) => Verdict::Explained("exempt"),
        // Karpenter reads a contradiction on a label, be it with a preference, as a wish for nodes without the label,
        // and an empty term as one that any node matches. The scheduler reads them otherwise: the pod does not run,
        // unless another of its terms happens to match.
        (_, Karpenter::Useless { .. }) | (Berth::Unschedulable(_), Karpenter::Node { .. })
            if is_misread(&spec) =>
        {
            Verdict::Explained("misread")
        }
        (Berth::Unschedulable(_), Karpenter::Node { .. }) if leaves_open(&spec) => {
            Verdict::Explained("a value made up")
        }
        // A pool that binds softly adds a preference, after one of the author's that weighs as much.
        (Berth::Placed { binding, .. }, Karpenter::Node { .. })
            if *binding == Binding::Preferred && prefers(&spec) =>
        {
            Verdict::Explained("preferred")
        }
        // berth does not know the provider's instances.
        (Berth::Placed { .. } | Berth::Neither, Karpenter::Refused { node: None, .. })
            if no_instance(provider.instances, berth, &spec, snapshot) =>
        {
            Verdict::Explained("no such instances")
        }
        _ => Verdict::Differ,
    })
}

/// True if the author has a preference of the greatest weight.
fn prefers(spec: &Spec<'_>) -> bool {
    let preferred = spec.heaviest_preference();
    let own = preferred.filter(|preferred| !preferred.preference.alone().constrains(NODE_POOL));
    own.is_some_and(|preferred| preferred.weight == 100)
}

/// True if a pod has an empty term, or one that contradicts the selector, a preference, or itself.
fn is_misread(spec: &Spec<'_>) -> bool {
    let empty = spec.terms().unwrap_or_default().iter().any(Term::is_empty);
    let preferred = spec.preferred().unwrap_or_default();
    let contradicts = |alternative: Alternative<'_>, preference: Option<&Term<'_>>| {
        let preference = preference.map(Term::alone);
        let preferred_keys = preference.into_iter().flat_map(Alternative::term_keys);
        let mut keys = alternative
            .selector_keys()
            .chain(alternative.term_keys())
            .chain(preferred_keys);
        keys.any(|key| {
            let of_preference = preference.into_iter().flat_map(|term| term.on(key));
            !Asked::new(alternative.on(key).chain(of_preference)).can_be_met()
        })
    };
    empty
        || spec.alternatives().any(|alternative| {
            let mut preferred = preferred.iter().map(|term| Some(&term.preference));
            contradicts(alternative, None) || preferred.any(|term| contradicts(alternative, term))
        })
}

/// True if no instance has what a node pool and the pod both allow, in any way in which Karpenter tries the pod.
fn no_instance(
    instances: &[(&str, &[&str])],
    berth: &Berth,
    spec: &Spec<'_>,
    snapshot: &Snapshot,
) -> bool {
    let preferred = spec.heaviest_preference();
    let preferred = preferred.as_ref().map(|term| term.preference.alone());
    let tolerated = |taint: &Taint| spec.tolerates(taint);
    let is_meant = |node_pool: &&NodePool| match berth {
        Berth::Placed { node_pools, .. } => {
            node_pools.iter().any(|name| **name == **node_pool.name())
        }
        _ => node_pool.hard_taints().all(tolerated),
    };
    let lacks = |node_pool: &NodePool, alternative: Alternative<'_>, others_follow: bool| {
        // While other terms follow, preferences count as requirements, and so do taints that only prefer.
        let preferred = preferred.filter(|_| others_follow);
        let parts = || [Some(alternative), preferred].into_iter().flatten();
        let mut keys = parts().flat_map(|part| part.selector_keys().chain(part.term_keys()));
        let excluded = (others_follow && !node_pool.taints().iter().all(tolerated))
            || keys.any(|key| {
                let preferred = preferred.into_iter().flat_map(|part| part.on(key));
                let asked = alternative.on(key).chain(preferred);
                !node_pool.can_meet(key, asked)
            });
        let lacking = || {
            instances.iter().any(|(key, values)| {
                let offered = node_pool.offered(key);
                !values.iter().any(|value| {
                    offered.is_none_or(|offered| offered.contains(value))
                        && parts().all(|part| part.admits(key, value))
                })
            })
        };
        (!excluded).then(lacking)
    };
    let meant = snapshot.catalogue.iter().filter(is_meant);
    let mut tried = meant
        .flat_map(|node_pool| {
            let attempts = spec.attempts();
            attempts.filter_map(move |(alternative, others_follow)| {
                lacks(node_pool, alternative, others_follow)
            })
        })
        .peekable();
    tried.peek().is_some() && tried.all(|lacking| lacking)
}

/// True if the pod requires a label and names only values that it must not have. Karpenter then makes up a value if the
/// node pool does not mention the label.
fn leaves_open(spec: &Spec<'_>) -> bool {
    spec.alternatives().any(|alternative| {
        let mut keys = alternative.term_keys();
        keys.any(|key| {
            let has = |test: fn(Operator) -> bool| {
                let mut asked = alternative.on(key);
                asked.any(|requirement| test(requirement.operator))
            };
            has(|operator| operator == Operator::NotIn)
                && has(|operator| {
                    matches!(operator, Operator::Exists | Operator::Gt | Operator::Lt)
                })
                && !has(|operator| operator == Operator::In)
        })
    })
}

/// True if the scheduler lets a pod run on a node, as far as labels go.
pub(super) fn scheduler_allows(pod: &Value, node: &Value) -> bool {
    let labels = node["metadata"]["labels"].as_object().into_iter().flatten();
    let mut labels: scheduler::Labels = labels
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect();
    // Kubelets and other controllers add these.
    for (alias, key) in [
        ("beta.kubernetes.io/arch", ARCH),
        ("beta.kubernetes.io/os", OS),
        ("failure-domain.beta.kubernetes.io/zone", ZONE),
        ("topology.ebs.csi.aws.com/zone", ZONE),
    ] {
        let value = labels.get(key).cloned();
        labels.extend(value.map(|value| (alias.to_owned(), value)));
    }
    scheduler::allows(&pod["spec"], &labels)
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
