//! The selectors for which Karpenter makes no node from any node pool.
//!
//! Karpenter reads every term. A term that it does not support rules out the pod even if another term fits.

use super::revision::Revision;
use crate::encoding::wording::{clipped, listed};
use crate::label::{
    Asked, CAPACITY_TYPE, CAPACITY_TYPES, NODE_POOL, Operator, Platform, Requirement,
};
use crate::pod::Alternative;

/// The label that says if an instance has a host of its own, and the values that Karpenter knows.
const TENANCY: &str = "karpenter.k8s.aws/instance-tenancy";
const TENANCIES: [&str; 2] = ["default", "dedicated"];

/// Returns the lines for a pod for which the platform's Karpenter makes no node from any node pool. `None` if its
/// selectors are supported.
pub(crate) fn unsupported(revision: &Revision<'_>, platform: Platform) -> Option<Vec<String>> {
    if !platform.is_karpenter() {
        // Another provisioner may support these selectors.
        return None;
    }
    let spec = revision.pod().spec;
    let alone = spec.selector_alone();
    for key in alone.selector_keys() {
        if let Some(why) = unsupported_label(platform, alone, key) {
            let field = revision.field("spec.nodeSelector");
            return Some(lines(&format!("{field}[{}]", clipped(key)), why));
        }
    }
    for (position, term) in spec.terms().unwrap_or_default().iter().enumerate() {
        let alternative = spec.alternative(term);
        let mut keys = alternative.term_keys();
        if let Some(why) = keys.find_map(|key| unsupported_label(platform, alternative, key)) {
            let field = format!("spec.affinity.nodeAffinity...nodeSelectorTerms[{position}]");
            return Some(lines(&revision.field(&field), why));
        }
    }
    without_node_pool(revision)
}

fn lines(field: &str, why: String) -> Vec<String> {
    vec![
        "Karpenter makes no node for the pod".to_owned(),
        why,
        format!("see {field}"),
    ]
}

/// Returns the reason if Karpenter does not support what the alternative asks of the label.
fn unsupported_label(
    platform: Platform,
    alternative: Alternative<'_>,
    key: &str,
) -> Option<String> {
    if platform.refuses(key) {
        return Some(format!("it selects by {}", clipped(key)));
    }
    alternative
        .on(key)
        .find_map(|requirement| match requirement.operator {
            Operator::In if key == CAPACITY_TYPE => {
                none_of("capacity type", &CAPACITY_TYPES, &requirement)
            }
            Operator::In if key == TENANCY => none_of("tenancy", &TENANCIES, &requirement),
            Operator::Gt | Operator::Lt | Operator::Gte | Operator::Lte => {
                let is_natural = |value: &str| value.parse::<u64>().is_ok();
                let other = requirement.values.iter().find(|value| !is_natural(value));
                other.map(|value| {
                    let (key, value) = (clipped(key), clipped(value));
                    format!("{key} is compared with {value:?}, which is no natural number")
                })
            }
            Operator::In
            | Operator::NotIn
            | Operator::Exists
            | Operator::DoesNotExist
            | Operator::Unknown => None,
        })
}

/// Returns the reason if Karpenter knows none of the values that the requirement lists.
fn none_of(name: &str, known: &[&str], requirement: &Requirement<'_>) -> Option<String> {
    let values = || requirement.values.iter().map(AsRef::as_ref);
    if values().any(|value: &str| known.contains(&value)) {
        return None;
    }
    Some(format!(
        "{name} {} is none of {}",
        listed(values()),
        known.join(", ")
    ))
}

/// Returns the lines for a pod whose first term and heaviest preference leave no node pool.
///
/// Karpenter requires both at first. If they leave no node pool, it never tries the other terms and never drops the
/// preference.
fn without_node_pool(revision: &Revision<'_>) -> Option<Vec<String>> {
    let spec = revision.pod().spec;
    let first = match spec.terms() {
        Some(terms) => spec.alternative(terms.first()?),
        None => spec.selector_alone(),
    };
    if Asked::new(first.on(NODE_POOL)).excludes_every_value() {
        return Some(vec![
            "Karpenter makes no node for the pod".to_owned(),
            format!("its selectors, with the first term, allow no {NODE_POOL}"),
        ]);
    }
    let preferred = spec.heaviest_preference()?.preference;
    let asked = first
        .on(NODE_POOL)
        .chain(spec.alternative(&preferred).on(NODE_POOL));
    if !Asked::new(asked).excludes_every_value() {
        return None;
    }
    Some(vec![
        "Karpenter makes no node for the pod".to_owned(),
        format!("it prefers another {NODE_POOL} than it allows"),
        "Karpenter takes the heaviest preference for a requirement".to_owned(),
    ])
}
