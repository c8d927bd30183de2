//! The demands of a pod on one instance: its requirements on the labels that the instance type and its price decide.

use super::alternatives::Alternative;
use super::spec::Spec;
use crate::instance::Property;
use crate::label::{ARCH, Asked, CAPACITY_TYPE, INSTANCE_TYPE, Platform};
use crate::node::implied_architecture;

/// True if the node selector or a term of the pod may name a label of the instance type, apart from the architecture: the
/// instance type itself, or a label in the domain of a platform. A quick look, for the many pods that name none.
#[must_use]
pub fn asks_for_instances(spec: &Spec<'_>) -> bool {
    let mut terms = spec.terms().unwrap_or_default().iter();
    let names = |key| key == INSTANCE_TYPE || Platform::owned(key);
    spec.selector_alone().selector_keys().any(names)
        || terms.any(|term| term.alone().term_keys().any(names))
}

/// True if an alternative, or a preference that Karpenter requires with it, names a label of the instance type, apart
/// from the architecture. If not, any instance that a node pool makes will do.
#[must_use]
pub fn demands_instances(
    platform: Platform,
    alternative: Alternative<'_>,
    preferred: Option<Alternative<'_>>,
) -> bool {
    keys(alternative, preferred).any(|key| names_instance(platform, key))
}

/// Returns the demands of an alternative, and of a preference that Karpenter requires with it.
#[must_use]
pub fn demands<'a>(
    platform: Platform,
    alternative: Alternative<'a>,
    preferred: Option<Alternative<'a>>,
) -> Vec<(&'a str, Asked<'a>)> {
    let mut demands: Vec<(&str, Asked<'_>)> = Vec::new();
    for key in keys(alternative, preferred) {
        let counts = key == CAPACITY_TYPE || key == ARCH || names_instance(platform, key);
        if counts && !demands.iter().any(|(known, _)| *known == key) {
            let of_preferred = preferred
                .into_iter()
                .flat_map(move |preferred| preferred.on(key));
            demands.push((key, Asked::new(alternative.on(key).chain(of_preferred))));
        }
    }
    demands
}

fn keys<'a>(
    alternative: Alternative<'a>,
    preferred: Option<Alternative<'a>>,
) -> impl Iterator<Item = &'a str> {
    let preferred = preferred.into_iter().flat_map(Alternative::term_keys);
    alternative
        .selector_keys()
        .chain(alternative.term_keys())
        .chain(preferred)
}

/// Returns the architecture that an alternative gives away by the labels of its instance type. `None` if it constrains
/// the architecture itself, or leaves it open.
#[must_use]
pub fn implied(platform: Platform, alternative: Alternative<'_>) -> Option<&'static str> {
    if alternative.constrains(ARCH) || !demands_instances(platform, alternative, None) {
        return None;
    }
    implied_architecture(platform, &demands(platform, alternative, None))
}

fn names_instance(platform: Platform, key: &str) -> bool {
    platform.is_of_reservation(key)
        || platform
            .property(key)
            .is_some_and(|property| property != Property::Architecture)
}
