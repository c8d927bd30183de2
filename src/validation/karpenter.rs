//! Pods that Karpenter makes no node for, whatever the node pools: it looks at every term, not just at one that fits.

use super::revision::Revision;
use super::wording::{clipped, listed};
use crate::node::label::{CAPACITY_TYPE, NODE_POOL, is_restricted};
use crate::node::{Asked, Operator, Requirement};
use crate::pod::Alternative;

/// The capacity types that Karpenter knows.
const CAPACITY_TYPES: [&str; 3] = ["spot", "on-demand", "reserved"];

/// What Karpenter refuses the pod for, if anything.
pub(super) fn refusal(revision: &Revision<'_>) -> Option<Vec<String>> {
    let spec = revision.pod().spec;
    let alone = spec.selector_alone();
    for key in alone.selector_keys() {
        if let Some(why) = refused(alone, key) {
            let field = revision.field("spec.nodeSelector");
            return Some(lines(&format!("{field}[{}]", clipped(key)), why));
        }
    }
    for (position, listed) in spec.terms().unwrap_or_default().iter().enumerate() {
        let alternative = spec.alternative(listed);
        let mut keys = alternative.term_keys();
        if let Some(why) = keys.find_map(|key| refused(alternative, key)) {
            let field = format!("spec.affinity.nodeAffinity...nodeSelectorTerms[{position}]");
            return Some(lines(&revision.field(&field), why));
        }
    }
    prefers_nothing(revision)
}

fn lines(field: &str, why: String) -> Vec<String> {
    vec![
        "Karpenter makes no node for the pod".to_owned(),
        why,
        format!("see {field}"),
    ]
}

/// Why Karpenter refuses what an alternative asks of a label.
fn refused(alternative: Alternative<'_>, key: &str) -> Option<String> {
    if is_restricted(key) {
        return Some(format!("it selects by {}", clipped(key)));
    }
    alternative
        .on(key)
        .find_map(|requirement| match requirement.operator {
            Operator::In if key == CAPACITY_TYPE => no_capacity_type(&requirement),
            Operator::Gt | Operator::Lt | Operator::Gte | Operator::Lte => {
                let is_natural = |value: &str| value.parse::<u64>().is_ok();
                let other = requirement.values.iter().find(|value| !is_natural(value));
                other.map(|value| {
                    let (key, value) = (clipped(key), clipped(value));
                    format!("{key} is compared with {value:?}, which is no natural number")
                })
            }
            _ => None,
        })
}

fn no_capacity_type(requirement: &Requirement<'_>) -> Option<String> {
    let known = |value: &str| CAPACITY_TYPES.contains(&value);
    let values = || requirement.values.iter().map(AsRef::as_ref);
    (!values().any(known)).then(|| {
        format!(
            "capacity type {} is none of {}",
            listed(values()),
            CAPACITY_TYPES.join(", ")
        )
    })
}

/// Karpenter reads the first term and the heaviest preference as requirements, and refuses a pod that they leave without a
/// node pool before it would come to the other terms, or drop the preference.
fn prefers_nothing(revision: &Revision<'_>) -> Option<Vec<String>> {
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
    Asked::new(asked).excludes_every_value().then(|| {
        vec![
            "Karpenter makes no node for the pod".to_owned(),
            format!("it prefers another {NODE_POOL} than it allows"),
            "Karpenter takes the heaviest preference for a requirement".to_owned(),
        ]
    })
}
