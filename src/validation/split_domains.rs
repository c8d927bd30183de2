//! The check `split-domains`: pods that are to spread over values of a label of which placement leaves one (R7.14).

use crate::encoding::wording::{clipped, listed};
use crate::forecast::Revision;
use crate::label::{ARCH, CAPACITY_TYPE, CAPACITY_TYPES, HOSTNAME, Operator, ZONE, canonical};

/// Reports a hard spread, or a required anti-affinity of the pods among themselves, over a label of which the node
/// pools of the placement have at most one value for the pod.
pub(super) fn split_domains(revision: &Revision<'_>) -> Vec<String> {
    let decision = revision.decision;
    if decision.node_pools.is_empty() {
        return Vec::new();
    }
    let pod = revision.pod();
    let labels = &decision.edits.labels;
    let spreads = pod.spec.spreads().into_iter().enumerate();
    let spread = spreads
        .filter(|(_, spread)| spread.is_hard && spread.selects_itself(pod, labels))
        .find_map(|(position, spread)| {
            let field = format!("spec.topologySpreadConstraints[{position}]");
            too_few(revision, &field, &spread.topology_key)
        });
    let apart = || {
        let terms = pod.spec.anti_affinities().into_iter().enumerate();
        terms
            .filter(|(_, term)| term.selects_itself(pod, &revision.namespace, labels))
            .find_map(|(position, term)| {
                let field = format!("spec.affinity.podAntiAffinity...[{position}]");
                too_few(revision, &field, &term.topology_key)
            })
    };
    spread.or_else(apart).unwrap_or_default()
}

/// Returns the lines for a topology key of which at most one value is left.
fn too_few(revision: &Revision<'_>, field: &str, key: &str) -> Option<Vec<String>> {
    let left = domains(revision, canonical(key))?;
    if left.len() > 1 {
        return None;
    }
    let pool = revision
        .decision
        .pool
        .map_or("its pool", |pool| &*pool.name);
    Some(vec![
        format!("the pods cannot part by {}", clipped(key)),
        format!(
            "pool {pool} leaves only {}",
            listed(left.iter().map(|value| &**value))
        ),
        format!("see {}", revision.field(field)),
    ])
}

/// Returns the values of a label that the node pools of the placement have for the pod. `None` if berth does not know
/// them all.
fn domains(revision: &Revision<'_>, key: &str) -> Option<Vec<String>> {
    let decision = revision.decision;
    let node_pools = || decision.node_pools.iter().copied();
    let admitted = |value: &str| {
        let mut alternatives = revision.pod().spec.alternatives();
        alternatives.any(|alternative| alternative.admits(key, value))
    };
    let mut values: Vec<String> = if key == decision.node_pools.first()?.node_label() {
        node_pools()
            .map(|node_pool| node_pool.name().to_string())
            .collect()
    } else if key == ARCH {
        decision
            .architectures
            .iter()
            .map(ToString::to_string)
            .collect()
    } else if key == CAPACITY_TYPE {
        let offers = |name: &&str| node_pools().any(|node_pool| node_pool.may_have(key, name));
        CAPACITY_TYPES
            .iter()
            .copied()
            .filter(offers)
            .map(str::to_owned)
            .collect()
    } else if key == HOSTNAME {
        return None;
    } else {
        // A label that a node pool does not list has values that berth does not know; the zones are of this kind.
        let mut values = Vec::new();
        for node_pool in node_pools() {
            let listed = node_pool
                .offered(key)
                .and_then(|offered| Some(offered.values()?.map(str::to_owned)));
            match listed {
                Some(listed) => values.extend(listed),
                None => values.extend(asked_for(revision, key)?),
            }
        }
        values
    };
    values.retain(|value| admitted(value));
    values.sort_unstable();
    values.dedup();
    Some(values)
}

/// Returns the values of a label that the pod's own selectors list. `None` if an alternative lists none.
fn asked_for(revision: &Revision<'_>, key: &str) -> Option<Vec<String>> {
    if key != ZONE {
        return None;
    }
    let mut values = Vec::new();
    for alternative in revision.pod().spec.alternatives() {
        let mut listing = alternative
            .on(key)
            .filter(|requirement| requirement.operator == Operator::In);
        values.extend(listing.next()?.values.iter().map(ToString::to_string));
    }
    Some(values)
}
