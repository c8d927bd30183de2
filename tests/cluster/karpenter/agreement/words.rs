//! The two words on a pod, and when they say the same.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Context, ensure};
use berth::admission::validate;
use berth::encoding::json::Reader;
use berth::node::{Asked, NodePool, Operator, Taint};
use berth::placement::{Reason, Snapshot};
use berth::pod::{Alternative, Spec, Template, Term};
use berth::policy::Binding;
use berth::validation::Check;
use serde_json::{Value, json};

use crate::harness::api::text;
use crate::harness::scene::review;

/// kube-scheduler's rules, as the laws have them.
#[path = "../../../it/model/scheduler.rs"]
#[expect(
    dead_code,
    reason = "nodes have their taints from Karpenter, and only labels are compared"
)]
mod scheduler;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
const NODE_POOL: &str = "karpenter.sh/nodepool";

/// What berth says of a pod.
pub(super) enum Berth {
    /// Placed on these node pools, and how.
    Placed {
        node_pools: Vec<String>,
        binding: Binding,
    },
    /// No node pool fits.
    Unschedulable(String),
    /// Left alone, though some node pool fits.
    Neither,
    /// Not judged: it may be for nodes that are not Karpenter's.
    Exempt(Reason),
}

impl Berth {
    /// What it has said of a pod that is stored, with these warnings. On a controller's pods the API server does not ask it,
    /// and it is asked here.
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

    /// The word without what it is about.
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

/// What Karpenter says of a pod.
pub(super) enum Karpenter {
    /// It runs on a node that was made for it.
    Node { node_pool: String },
    /// A node was made for it on which the scheduler does not let it run.
    Useless { node_pool: String },
    /// Karpenter's own event, and the node pool of a node that was made all the same.
    Refused {
        message: String,
        node: Option<String>,
    },
    /// Karpenter takes it for a pod that does not want its nodes, and says nothing.
    PassedOver,
}

impl fmt::Display for Karpenter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node { node_pool } => write!(f, "a node of {node_pool}"),
            Self::Useless { node_pool } => write!(f, "a node of {node_pool} of no use to it"),
            Self::Refused { message, node } => write!(f, "node {node:?}, and {message}"),
            Self::PassedOver => f.write_str("passed over"),
        }
    }
}

/// What comes of two words.
pub(super) enum Verdict {
    Agree,
    /// They differ for a reason that is Karpenter's or the provider's, and not to be met by berth.
    Explained(&'static str),
    Differ,
}

pub(super) fn compare(
    berth: &Berth,
    karpenter: &Karpenter,
    stored: &Value,
    snapshot: &Snapshot,
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
        (Berth::Unschedulable(_), Karpenter::Refused { node: None, .. })
        | (Berth::Neither | Berth::Exempt(_), Karpenter::Node { .. }) => Verdict::Agree,
        // What Karpenter takes for a pod that wants none of its nodes gets no node and no event either.
        (Berth::Unschedulable(_), Karpenter::PassedOver) => Verdict::Explained("no event"),
        // berth does not judge pods for Windows and pods that are pinned to a host: they may be for nodes that somebody
        // else makes.
        (Berth::Exempt(_), Karpenter::Refused { node: None, .. }) => Verdict::Explained("exempt"),
        // What contradicts itself on a label, a preference included, Karpenter reads as a wish for nodes without the label,
        // and an empty term as one that any node matches. The scheduler reads them otherwise: the pod does not run.
        // Or does by accident, where another of its terms happens to match.
        (_, Karpenter::Useless { .. }) | (Berth::Unschedulable(_), Karpenter::Node { .. })
            if is_misread(&spec) =>
        {
            Verdict::Explained("misread")
        }
        (Berth::Unschedulable(_), Karpenter::Node { .. }) if leaves_open(&spec) => {
            Verdict::Explained("a value made up")
        }
        // A pool that binds softly adds a preference, and one of the author's that weighs as much comes before it.
        (Berth::Placed { binding, .. }, Karpenter::Node { .. })
            if *binding == Binding::Preferred && prefers(&spec) =>
        {
            Verdict::Explained("preferred")
        }
        // berth does not know which instances the provider has.
        (Berth::Placed { .. } | Berth::Neither, Karpenter::Refused { node: None, .. })
            if no_instance(berth, &spec, snapshot) =>
        {
            Verdict::Explained("no such instances")
        }
        _ => Verdict::Differ,
    })
}

/// Whether the author has a preference than which none is heavier.
fn prefers(spec: &Spec<'_>) -> bool {
    let preferred = spec.heaviest_preference();
    let own = preferred.filter(|preferred| !preferred.preference.alone().constrains(NODE_POOL));
    own.is_some_and(|preferred| preferred.weight == 100)
}

/// Whether a pod has an empty term, or one that contradicts the selector, a preference, or itself.
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

/// What KWOK's instances have of the labels that come from the instance.
const INSTANCES: [(&str, &[&str]); 4] = [
    ("kubernetes.io/arch", &["amd64", "arm64"]),
    ("kubernetes.io/os", &["linux", "windows"]),
    ("karpenter.sh/capacity-type", &["spot", "on-demand"]),
    (
        "topology.kubernetes.io/zone",
        &["test-zone-a", "test-zone-b", "test-zone-c", "test-zone-d"],
    ),
];

/// Whether what a node pool and a pod both allow is nothing that any instance has, in whichever way Karpenter tries the pod.
fn no_instance(berth: &Berth, spec: &Spec<'_>, snapshot: &Snapshot) -> bool {
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
        // With others to follow, a preference counts as a requirement, and a taint that is one as any other.
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
            INSTANCES.iter().any(|(key, values)| {
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

/// Whether the pod wants a label to be there, and only says which values it is not to have. Karpenter then makes a value up
/// where the node pool says nothing of the label.
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

/// Whether the scheduler lets a pod run on a node, as far as labels go.
pub(super) fn scheduler_allows(pod: &Value, node: &Value) -> bool {
    let labels = node["metadata"]["labels"].as_object().into_iter().flatten();
    let mut labels: scheduler::Labels = labels
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect();
    // Those that kubelets and other controllers add.
    for (alias, key) in [
        ("beta.kubernetes.io/arch", "kubernetes.io/arch"),
        ("beta.kubernetes.io/os", "kubernetes.io/os"),
        (
            "failure-domain.beta.kubernetes.io/zone",
            "topology.kubernetes.io/zone",
        ),
    ] {
        let value = labels.get(key).cloned();
        labels.extend(value.map(|value| (alias.to_owned(), value)));
    }
    scheduler::allows(&pod["spec"], &labels)
}

/// Whether Karpenter takes a pod for one that wants none of its nodes: where the selector, the first required term and the
/// heaviest preference together leave no node pool's name, real or not.
pub(super) fn passed_over(pod: &Value) -> bool {
    let spec = &pod["spec"];
    let affinity = &spec["affinity"]["nodeAffinity"];
    let mut requirements: Vec<Value> = Vec::new();
    if let Some(name) = spec["nodeSelector"].get(NODE_POOL) {
        requirements.push(json!({"operator": "In", "values": [name]}));
    }
    let first = &affinity[REQUIRED]["nodeSelectorTerms"][0];
    let preferred = scheduler::items(&affinity[PREFERRED]).iter();
    // The first of the heaviest.
    let heaviest = preferred
        .rev()
        .max_by_key(|preferred| preferred["weight"].as_i64());
    for term in [Some(first), heaviest.map(|term| &term["preference"])] {
        let expressions = term.map(|term| scheduler::items(&term["matchExpressions"]));
        let expressions = expressions.unwrap_or_default().iter();
        requirements.extend(
            expressions
                .filter(|expression| expression["key"] == NODE_POOL)
                .cloned(),
        );
    }
    let listed = |requirement: &Value| -> Vec<String> {
        let values = scheduler::items(&requirement["values"]).iter();
        values
            .filter_map(|value| Some(value.as_str()?.to_owned()))
            .collect()
    };
    let mut names: BTreeSet<String> = requirements.iter().flat_map(listed).collect();
    names.insert("another".to_owned());
    !names.iter().any(|name| {
        requirements
            .iter()
            .all(|requirement| scheduler::requirement_matches(requirement, Some(name)))
    })
}
