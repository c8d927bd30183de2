//! The additions to a pod: tolerations, the node pool and the architecture. They never widen where the pod may run.
//!
//! The terms of a required node affinity are alternatives, so a requirement goes into each term that is not empty
//! (R4.2, R4.3); a new term would widen the pod. Preferences are only ever appended (R4.10).

use std::borrow::Cow;

use crate::label::{ARCH, Operator};
use crate::node::Taint;
use crate::pod::{Alternative, PreferredTerm, Spec};

/// The weight of the preference for a pool that binds `Preferred`: the highest that Kubernetes allows, since Karpenter
/// requires the heaviest preference first.
pub(super) const WEIGHT: u8 = 100;

/// The most terms that berth extends. No person writes so many. A pod with tens of thousands would get a patch of
/// several times its own size and no longer fit into etcd.
pub(super) const MOST_TERMS: usize = 256;

/// The additions to a pod.
#[derive(Debug, Clone, Default)]
pub struct Edits<'p> {
    /// The tolerations to append, without duplicates.
    pub tolerations: Vec<NewToleration<'p>>,
    /// The entry for the node selector: the label by which nodes carry the name of their node pool, and the name.
    /// `None` if the pod needs no entry or gets several node pools.
    pub node_selector: Option<(&'p str, &'p str)>,
    /// The additions to the required node affinity.
    pub required: RequiredEdits<'p>,
    /// The preference to append to the preferred node affinity.
    pub preferred: Option<NewPreference<'p>>,
    /// The labels to add, by key and value.
    pub labels: Vec<(&'static str, &'p str)>,
    /// The annotations to add, by key and value.
    pub annotations: Vec<(&'p str, Cow<'p, str>)>,
}

impl Edits<'_> {
    /// True if there is nothing to add.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.affect_scheduling() && self.labels.is_empty() && self.annotations.is_empty()
    }

    /// True if an addition says where the pod may run.
    #[must_use]
    pub fn affect_scheduling(&self) -> bool {
        let Self {
            tolerations,
            node_selector,
            required,
            preferred,
            labels: _,
            annotations: _,
        } = self;
        !tolerations.is_empty()
            || node_selector.is_some()
            || *required != RequiredEdits::Nothing
            || preferred.is_some()
    }
}

/// The requirements to add to terms of the pod, or to a new term if it has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewRequirements<'p> {
    /// The label by which nodes carry the name of their node pool.
    pub node_label: &'p str,
    /// The node pools, for the requirement `node_label In [...]`; empty to add no such requirement.
    pub node_pools: Vec<&'p str>,
    /// The architectures, for the requirement `kubernetes.io/arch In [...]`; empty to add no such requirement.
    pub architectures: Vec<&'p str>,
}

/// The additions to the required node affinity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum RequiredEdits<'p> {
    /// No addition.
    #[default]
    Nothing,
    /// A new term, since the pod has none.
    NewTerm(NewRequirements<'p>),
    /// Requirements for the terms of the pod that lack some of them.
    Extend(NewRequirements<'p>, Vec<TermEdit>),
}

/// The requirements that one term lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TermEdit {
    /// The term's position in the list of terms, from 0.
    pub position: usize,
    /// True if the term has a list of requirements to append to.
    pub has_expressions: bool,
    /// True if the term lacks the requirement on the node pool.
    pub node_pools: bool,
    /// True if the term lacks the requirement on the architecture.
    pub architectures: bool,
}

/// Returns the additions that make the pod's hard constraints contain the requirements. `is_open` tells if an
/// alternative leaves the architecture open.
#[must_use]
pub(super) fn required_edits<'p>(
    spec: &Spec<'_>,
    requirements: NewRequirements<'p>,
    is_open: impl Fn(Alternative<'_>) -> bool,
) -> RequiredEdits<'p> {
    let lacks_pools = |alternative: Alternative<'_>| {
        !requirements.node_pools.is_empty()
            && !confined(
                alternative,
                requirements.node_label,
                &requirements.node_pools,
            )
    };
    let lacks_architectures = |alternative: Alternative<'_>| {
        !requirements.architectures.is_empty() && is_open(alternative)
    };
    let Some(terms) = spec.terms() else {
        let alone = spec.selector_alone();
        let (pools, architectures) = (lacks_pools(alone), lacks_architectures(alone));
        let mut requirements = requirements;
        if !pools {
            requirements.node_pools.clear();
        }
        if !architectures {
            requirements.architectures.clear();
        }
        return if requirements.is_empty() {
            RequiredEdits::Nothing
        } else {
            RequiredEdits::NewTerm(requirements)
        };
    };
    let edits = terms
        .iter()
        .enumerate()
        // An empty term matches no node, and a requirement would make it match some.
        .filter(|(_, term)| !term.is_empty())
        .map(|(position, term)| TermEdit {
            position,
            has_expressions: term.has_expressions(),
            node_pools: lacks_pools(spec.alternative(term)),
            architectures: lacks_architectures(spec.alternative(term)),
        });
    let edits: Vec<TermEdit> = edits
        .filter(|edit| edit.node_pools || edit.architectures)
        .collect();
    if edits.is_empty() {
        RequiredEdits::Nothing
    } else {
        RequiredEdits::Extend(requirements, edits)
    }
}

/// True if every alternative of the pod already keeps it on these node pools.
#[must_use]
pub(super) fn is_confined(spec: &Spec<'_>, node_label: &str, node_pools: &[&str]) -> bool {
    spec.alternatives()
        .all(|alternative| confined(alternative, node_label, node_pools))
}

/// True if a requirement of the alternative lists none but these node pools.
fn confined(alternative: Alternative<'_>, node_label: &str, node_pools: &[&str]) -> bool {
    let lists_ours_alone = |values: &[Cow<'_, str>]| {
        values
            .iter()
            .all(|value| node_pools.contains(&value.as_ref()))
    };
    alternative.on(node_label).any(|requirement| {
        requirement.operator == Operator::In && lists_ours_alone(requirement.values)
    })
}

impl<'p> RequiredEdits<'p> {
    /// Returns the requirements that some or all terms get, or `None` if there is nothing to add.
    #[must_use]
    pub fn requirements(&self) -> Option<&NewRequirements<'p>> {
        match self {
            Self::Nothing => None,
            Self::NewTerm(requirements) | Self::Extend(requirements, _) => Some(requirements),
        }
    }

    /// Returns the architectures that the alternatives without one get.
    #[must_use]
    pub fn architectures(&self) -> &[&'p str] {
        let requirements = self.requirements();
        requirements.map_or(&[], |requirements| &requirements.architectures)
    }
}

/// The requirement `key In [values]`, as berth writes it into a pod.
#[derive(Debug, Clone, Copy)]
pub struct NewRequirement<'e> {
    /// The label.
    pub key: &'e str,
    /// The values that it may have.
    pub values: &'e [&'e str],
}

impl<'e> NewRequirement<'e> {
    /// Returns the requirement, or `None` if there are no values.
    fn unless_empty(key: &'e str, values: &'e [&'e str]) -> Option<Self> {
        if values.is_empty() {
            None
        } else {
            Some(Self { key, values })
        }
    }
}

impl NewRequirements<'_> {
    /// True if there is no requirement to add.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.node_pools.is_empty() && self.architectures.is_empty()
    }

    /// Returns the requirement on the node pool, or `None` if there is none to add.
    #[must_use]
    pub fn node_pools(&self) -> Option<NewRequirement<'_>> {
        NewRequirement::unless_empty(self.node_label, &self.node_pools)
    }

    /// Returns the requirement on the architecture, or `None` if there is none to add.
    #[must_use]
    pub fn architectures(&self) -> Option<NewRequirement<'_>> {
        NewRequirement::unless_empty(ARCH, &self.architectures)
    }
}

/// The preference for a pool's node pools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPreference<'p> {
    /// The label by which nodes carry the name of their node pool.
    pub node_label: &'p str,
    /// The names of the node pools, as the values of that label.
    pub node_pools: Vec<&'p str>,
}

impl NewPreference<'_> {
    /// The weight of the preference. Karpenter requires it before any lighter one of the author's.
    pub const WEIGHT: u8 = WEIGHT;

    /// Returns the requirement on the node pool that is preferred.
    #[must_use]
    pub fn requirement(&self) -> NewRequirement<'_> {
        NewRequirement {
            key: self.node_label,
            values: &self.node_pools,
        }
    }
}

/// Returns the preference to append. `None` if the pod has that preference already, or if berth cannot read the pod's
/// preferences.
#[must_use]
pub(super) fn preference_edit<'p>(
    spec: &Spec<'_>,
    node_label: &'p str,
    node_pools: &[&'p str],
) -> Option<NewPreference<'p>> {
    let is_same = |present: &PreferredTerm<'_>| {
        present.weight == i64::from(WEIGHT)
            && present
                .preference
                .is_only(node_label, Operator::In, node_pools)
    };
    let present = spec.preferred().ok()?;
    if present.iter().any(is_same) {
        return None;
    }
    Some(NewPreference {
        node_label,
        node_pools: node_pools.to_vec(),
    })
}

/// The toleration that berth adds for a taint: `Equal` with the taint's value, or `Exists` if the taint has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewToleration<'p>(pub &'p Taint);
