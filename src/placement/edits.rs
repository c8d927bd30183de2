//! What a pod lacks: tolerations, the node pool and the architecture, merged into its affinity without ever widening it.
//!
//! The terms of a required node affinity are alternatives, so a requirement goes into each term that is not empty
//! (R4.2, R4.3); a new term would widen the pod. Preferences are only ever appended (R4.10).

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::node::label::ARCH;
use crate::node::{Operator, Taint};
use crate::pod::{Alternative, PreferredTerm, Spec};

/// The weight of the preference for a pool that binds `Preferred`: the heaviest that there is, since Karpenter takes
/// the heaviest preference for a requirement first.
pub(super) const WEIGHT: u8 = 100;

/// How many terms berth extends. No person writes so many; a pod with tens of thousands would get a patch of several times
/// its own size, and no longer fit into etcd.
pub(super) const MOST_TERMS: usize = 256;

/// What is to be added to a pod.
#[derive(Debug, Clone, Default)]
pub struct Edits<'p> {
    /// Tolerations to append.
    pub tolerations: Vec<NewToleration<'p>>,
    /// The node pool, where there is one, for the node selector: its nodes' label, and its name.
    pub node_selector: Option<(&'p str, &'p str)>,
    /// What to add to the required node affinity.
    pub required: RequiredEdits<'p>,
    /// What to append to the preferred node affinity.
    pub preferred: Option<NewPreference<'p>>,
    /// Labels to add.
    pub labels: Vec<(&'static str, &'p str)>,
    /// Annotations to add.
    pub annotations: Vec<(&'p str, Cow<'p, str>)>,
}

impl Edits<'_> {
    /// Whether nothing is to be added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.affect_scheduling() && self.labels.is_empty() && self.annotations.is_empty()
    }

    /// Whether anything is to be added that says where the pod may run.
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

/// Requirements to add to one term, or to a term of their own where the pod has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewRequirements<'p> {
    /// The label by which nodes carry the name of their node pool.
    pub node_label: &'p str,
    /// The node pools, for that label `In [...]`; none to add where empty.
    pub node_pools: Vec<&'p str>,
    /// The architectures, for `kubernetes.io/arch In [...]`; none to add where empty.
    pub architectures: Vec<&'p str>,
}

/// What to add to the required node affinity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum RequiredEdits<'p> {
    /// Nothing.
    #[default]
    Nothing,
    /// A term of its own, since the pod has none.
    NewTerm(NewRequirements<'p>),
    /// The same requirements for these terms, each of which lacks some.
    Extend(NewRequirements<'p>, Vec<TermEdit>),
}

/// Which requirements one term lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TermEdit {
    /// The term's position.
    pub position: usize,
    /// Whether it has a list of requirements to add to.
    pub has_expressions: bool,
    /// Whether it lacks the node pools.
    pub node_pools: bool,
    /// Whether it lacks the architectures.
    pub architectures: bool,
}

/// Finds what the pod's hard constraints lack of the requirements. `node_pools` empty means that none is needed.
#[must_use]
pub(super) fn required_edits<'p>(
    spec: &Spec<'_>,
    requirements: NewRequirements<'p>,
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
        !requirements.architectures.is_empty() && !alternative.constrains(ARCH)
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

/// Whether every alternative of the pod already keeps it on these node pools.
#[must_use]
pub(super) fn is_confined(spec: &Spec<'_>, node_label: &str, node_pools: &[&str]) -> bool {
    spec.alternatives()
        .all(|alternative| confined(alternative, node_label, node_pools))
}

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
    /// Returns the requirements that some or all terms get, if there is anything to add.
    #[must_use]
    pub fn requirements(&self) -> Option<&NewRequirements<'p>> {
        match self {
            Self::Nothing => None,
            Self::NewTerm(requirements) | Self::Extend(requirements, _) => Some(requirements),
        }
    }

    /// Returns the architectures that are added to what names none.
    #[must_use]
    pub fn architectures(&self) -> &[&'p str] {
        let requirements = self.requirements();
        requirements.map_or(&[], |requirements| &requirements.architectures)
    }
}

/// `key In [values]`, as it is written into a pod.
#[derive(Debug, Clone, Copy)]
pub struct NewRequirement<'e> {
    key: &'e str,
    values: &'e [&'e str],
}

impl NewRequirements<'_> {
    /// Whether there is nothing to add.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.node_pools.is_empty() && self.architectures.is_empty()
    }

    /// The requirement on the node pool.
    #[must_use]
    pub fn node_pools(&self) -> Option<NewRequirement<'_>> {
        (!self.node_pools.is_empty()).then_some(NewRequirement {
            key: self.node_label,
            values: &self.node_pools,
        })
    }

    /// The requirement on the architecture.
    #[must_use]
    pub fn architectures(&self) -> Option<NewRequirement<'_>> {
        (!self.architectures.is_empty()).then_some(NewRequirement {
            key: ARCH,
            values: &self.architectures,
        })
    }
}

impl Serialize for NewRequirement<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { key, values } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("key", key)?;
        map.serialize_entry("operator", "In")?;
        map.serialize_entry("values", values)?;
        map.end()
    }
}

/// A term of some of the new requirements, as it is written into a pod.
#[derive(Debug, Clone, Copy)]
pub struct NewTerm<'e>(pub [Option<NewRequirement<'e>>; 2]);

impl Serialize for NewTerm<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Expressions<'t, 'e>(&'t NewTerm<'e>);

        impl Serialize for Expressions<'_, '_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut list = serializer.serialize_seq(None)?;
                for requirement in self.0.0.iter().flatten() {
                    list.serialize_element(requirement)?;
                }
                list.end()
            }
        }

        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("matchExpressions", &Expressions(self))?;
        map.end()
    }
}

/// The preference for a pool's node pools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPreference<'p> {
    /// The label by which nodes carry the name of their node pool.
    pub node_label: &'p str,
    /// The node pools.
    pub node_pools: Vec<&'p str>,
}

/// The preference to append, unless the pod has the very same already, or has preferences that cannot be read.
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
    (!present.iter().any(is_same)).then(|| NewPreference {
        node_label,
        node_pools: node_pools.to_vec(),
    })
}

impl Serialize for NewPreference<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let requirement = NewRequirement {
            key: self.node_label,
            values: &self.node_pools,
        };
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("weight", &WEIGHT)?;
        map.serialize_entry("preference", &NewTerm([Some(requirement), None]))?;
        map.end()
    }
}

/// The toleration that berth adds for a taint: `Equal` with its value, `Exists` only where the taint has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewToleration<'p>(pub &'p Taint);

impl Serialize for NewToleration<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Taint { key, value, effect } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("key", key)?;
        if value.is_empty() {
            map.serialize_entry("operator", "Exists")?;
        } else {
            map.serialize_entry("operator", "Equal")?;
            map.serialize_entry("value", value)?;
        }
        map.serialize_entry("effect", effect)?;
        map.end()
    }
}
