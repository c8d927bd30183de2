//! The comparison of two words, and the reasons for which they may differ. Each reason is a condition on the pod.

use berth::encoding::json::Reader;
use berth::label::{Asked, Operator};
use berth::placement::Snapshot;
use berth::pod::{Alternative, Spec, Template, Term};
use berth::policy::Binding;
use serde_json::{Value, json};

use super::names::{NODE_POOL, REQUIRED};
use super::provider::Provider;
use super::scheduler::items;
use super::selectors::{heaviest_preference, one_of, terms};
use super::words::{Berth, Karpenter, hard_topology, says_no_node, together};

/// The comparison of two words.
pub(super) enum Verdict {
    Agree,
    /// They differ for a reason of Karpenter's or of the provider's, which berth does not follow.
    Explained(&'static str),
    Differ,
}

/// All that a comparison looks at besides the words.
pub(super) struct Context<'a> {
    pub(super) stored: &'a Value,
    /// The cluster, as it would be if node pools said what their node class and their provider's instances add: in each
    /// zone.
    pub(super) told: &'a [Snapshot],
    pub(super) provider: &'a Provider,
}

pub(super) fn compare(
    berth: &Berth,
    karpenter: &Karpenter,
    context: &Context<'_>,
) -> anyhow::Result<Verdict> {
    if agree(berth, karpenter) {
        return Ok(Verdict::Agree);
    }
    let text = context.stored.to_string();
    let spec = Template::read(&mut Reader::new(&text))?.spec;
    let mut reason = said_by_selectors(berth, karpenter, &spec.unwrap_or_default());
    if reason.is_none() {
        reason = untold(berth, karpenter, context)?;
    }
    Ok(reason.map_or(Verdict::Differ, Verdict::Explained))
}

fn agree(berth: &Berth, karpenter: &Karpenter) -> bool {
    match (berth, karpenter) {
        (Berth::Placed { node_pools, .. }, Karpenter::Node { node_pool }) => {
            node_pools.contains(node_pool)
        }
        (
            Berth::Unschedulable(_),
            Karpenter::Refused { node: None, .. }
            | Karpenter::ClaimRefused { .. }
            | Karpenter::LaunchFailed { .. },
        )
        | (Berth::Neither | Berth::Exempt(_), Karpenter::Node { .. }) => true,
        _ => false,
    }
}

/// Returns the reason that lies in how Karpenter reads the pod's selectors.
fn said_by_selectors(
    berth: &Berth,
    karpenter: &Karpenter,
    spec: &Spec<'_>,
) -> Option<&'static str> {
    match (berth, karpenter) {
        // A pod that Karpenter passes over gets neither a node nor an event.
        (Berth::Unschedulable(_), Karpenter::PassedOver) => Some("no event"),
        // berth does not judge these pods, since their nodes may be made by others.
        (Berth::Exempt(_), Karpenter::Refused { node: None, .. }) => Some("exempt"),
        // Karpenter reads a contradiction on a label, be it with a preference, as a wish for nodes without the label,
        // and an empty term as one that any node matches. The scheduler reads them otherwise: the pod does not run,
        // unless another of its terms happens to match.
        (_, Karpenter::Useless { .. }) | (Berth::Unschedulable(_), Karpenter::Node { .. })
            if is_misread(spec) =>
        {
            Some("misread")
        }
        // The pod does not run, as berth says. Karpenter makes nodes all the same.
        (Berth::Unschedulable(_), Karpenter::Useless { .. }) => Some("nodes of no use"),
        (Berth::Unschedulable(_), Karpenter::Node { .. }) if leaves_open(spec) => {
            Some("a value made up")
        }
        _ => None,
    }
}

/// Returns the reason that lies in what berth does not read: node classes, other pods, what a node keeps for itself.
fn untold(
    berth: &Berth,
    karpenter: &Karpenter,
    context: &Context<'_>,
) -> anyhow::Result<Option<&'static str>> {
    if let (
        Berth::Placed {
            node_pools,
            binding: Binding::Preferred,
        },
        Karpenter::Node { .. },
    ) = (berth, karpenter)
    {
        // A pool that binds softly adds a preference, after one of the author's that weighs as much.
        if prefers(context.stored, node_pools) {
            return Ok(Some("preferred"));
        }
        if context.no_node(&bound_hard(context.stored, node_pools))? {
            return Ok(Some("the preferred cannot be had"));
        }
        // Karpenter gives up preferred nodes before it gives up a spread, which it tries to keep with each node pool.
        let spread = items(&context.stored["spec"]["topologySpreadConstraints"]);
        if spread
            .iter()
            .any(|one| one["whenUnsatisfiable"] == "ScheduleAnyway")
        {
            return Ok(Some("given up for a spread"));
        }
        return Ok(context.has_random_domain().then_some("a domain at random"));
    }
    if !matches!(berth, Berth::Placed { .. } | Berth::Neither) {
        return Ok(None);
    }
    Ok(match karpenter {
        // Zones, reservations and placement groups are the node class's.
        Karpenter::Refused { node: None, .. } | Karpenter::Useless { .. }
            if context.no_node(context.stored)? =>
        {
            Some("no such instances")
        }
        // berth compares requests with all that an instance type has; some of it is reserved for the node itself.
        Karpenter::Refused { node: None, .. }
            if context.no_node(&with_reserved(context.stored))? =>
        {
            Some("reserved for the node")
        }
        // Karpenter counts different values again among the sixty types that it launches with, and takes fewer.
        Karpenter::LaunchFailed { message } if message.contains("minValues") => {
            Some("too few values at launch")
        }
        Karpenter::Refused { node: None, .. } if follows_others(context.stored) => {
            Some("follows others")
        }
        // Karpenter picks a domain at random, before it looks for an instance type and at what the node pool excludes. It
        // may pick another the next time.
        Karpenter::Refused {
            node: None,
            message,
        } if !message.contains("unsatisfiable topology") && context.has_random_domain() => {
            Some("a domain at random")
        }
        // Karpenter picks one of the values at random, and gives the node no label where it picks the empty one.
        Karpenter::Useless { .. } if lists_nothing(context.stored) => Some("an empty value"),
        Karpenter::Useless { .. } if together(&context.stored["spec"]).next().is_some() => {
            Some("a domain at random")
        }
        _ => None,
    })
}

impl Context<'_> {
    /// True if Karpenter picks the value of a label of instance types before it looks for a type.
    fn has_random_domain(&self) -> bool {
        let mut keys = hard_topology(&self.stored["spec"]);
        keys.any(|key| self.provider.depends_on_types.contains(&key))
    }

    /// True if berth says that no node comes for a pod in any zone, once it is told what it does not read.
    fn no_node(&self, stored: &Value) -> anyhow::Result<bool> {
        for snapshot in self.told {
            if !says_no_node(stored, snapshot)? {
                return Ok(false);
            }
        }
        Ok(!self.told.is_empty())
    }
}

/// Returns a pod that requires one of these node pools, which it only preferred.
fn bound_hard(stored: &Value, node_pools: &[String]) -> Value {
    let mut bound = stored.clone();
    let required = &mut bound["spec"]["affinity"]["nodeAffinity"][REQUIRED];
    if required.is_null() {
        *required = json!({"nodeSelectorTerms": [{}]});
    }
    let terms = required["nodeSelectorTerms"].as_array_mut();
    for term in terms.into_iter().flatten() {
        let mut expressions = items(&term["matchExpressions"]).to_vec();
        expressions.push(one_of(NODE_POOL, node_pools));
        term["matchExpressions"] = json!(expressions);
    }
    bound
}

/// Returns a pod that requests what its node would keep for itself, too: an upper bound of it.
fn with_reserved(stored: &Value) -> Value {
    let spec = &stored["spec"];
    let containers = items(&spec["containers"]).iter();
    let containers = containers.chain(items(&spec["initContainers"]));
    let requested = |resource: &str| -> u64 {
        let requests = containers
            .clone()
            .map(|one| &one["resources"]["requests"][resource]);
        requests
            .filter_map(|quantity| amount(quantity.as_str()?))
            .sum()
    };
    let (millicores, mebibytes) = (requested("cpu") / 1000, requested("memory") >> 20);
    // The provider takes 7.5 % of the memory away, and the kubelet keeps 11 MiB for each of the pods that an instance of
    // that size can have, besides what evictions need.
    let of_kubelet = match mebibytes {
        0..24_000 => 1_100,
        24_000..200_000 => 3_300,
        _ => 9_500,
    };
    let mut reserving = stored.clone();
    reserving["spec"]["overhead"] = json!({
        "cpu": format!("{}m", 80 + millicores * 3 / 1000),
        "memory": format!("{}Mi", of_kubelet + mebibytes * 82 / 1000),
    });
    reserving
}

/// Returns a quantity in millionths of a core, or in bytes. It reads what the generator writes.
fn amount(quantity: &str) -> Option<u64> {
    let unit = quantity.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: u64 = quantity.strip_suffix(unit)?.parse().ok()?;
    let factor = match unit {
        "" => 1_000_000,
        "m" => 1000,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        _ => return None,
    };
    Some(number * factor)
}

/// True if a pod must run beside others.
fn follows_others(stored: &Value) -> bool {
    let mut terms = items(&stored["spec"]["affinity"]["podAffinity"][REQUIRED]).iter();
    terms.any(|term| {
        let wanted = term["labelSelector"]["matchLabels"].as_object();
        let labels = &stored["metadata"]["labels"];
        let mut wanted = wanted.into_iter().flatten();
        wanted.any(|(key, value)| labels[key] != *value)
    })
}

/// True if a pod takes a label without a value besides others.
fn lists_nothing(stored: &Value) -> bool {
    let expressions = terms(&stored["spec"]).iter();
    let mut expressions = expressions.flat_map(|term| items(&term["matchExpressions"]));
    expressions.any(|one| one["operator"] == "In" && items(&one["values"]).contains(&json!("")))
}

/// True if another preference than berth's own, which is for these node pools, is the heaviest.
fn prefers(stored: &Value, node_pools: &[String]) -> bool {
    let own = json!([one_of(NODE_POOL, node_pools)]);
    heaviest_preference(&stored["spec"])
        .is_some_and(|heaviest| heaviest["preference"]["matchExpressions"] != own)
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
