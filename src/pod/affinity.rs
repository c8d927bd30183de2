//! The affinity of a pod as its author wrote it: terms that hold requirements on the labels of nodes.

use super::expression::MatchExpression;
use crate::encoding::json::{Malformed, Reader, fields};
use crate::label::{Operator, canonical};

/// The affinity of a pod.
#[derive(Debug, Default)]
pub struct Affinity<'a> {
    /// The node affinity, or `None` if the pod has none.
    pub node_affinity: Option<NodeAffinity<'a>>,
    /// The JSON of `podAffinity`, unparsed: few pods have one.
    pub(super) beside: Option<&'a str>,
    /// The JSON of `podAntiAffinity`, unparsed: few decisions need it.
    pub(super) apart: Option<&'a str>,
}

impl<'a> Affinity<'a> {
    pub(super) fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut affinity = Self::default();
        fields!(json, |value| {
            "nodeAffinity" => affinity.node_affinity = Some(NodeAffinity::read(value)?),
            "podAffinity" => affinity.beside = Some(value.span()?),
            "podAntiAffinity" => affinity.apart = Some(value.span()?),
        })?;
        Ok(affinity)
    }
}

/// The node affinity of a pod.
#[derive(Debug, Default)]
pub struct NodeAffinity<'a> {
    /// The required terms. They are alternatives: a node must match one of them (R4.2).
    pub(super) required: Option<Vec<Term<'a>>>,
    /// The JSON of the preferred terms, unparsed: most decisions do not need them.
    pub preferred: Option<&'a str>,
}

impl<'a> NodeAffinity<'a> {
    fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut affinity = Self::default();
        fields!(json, |value| {
            "requiredDuringSchedulingIgnoredDuringExecution" => {
                let mut terms = Vec::new();
                fields!(value, |list| {
                    "nodeSelectorTerms" => terms = list.list_of(Term::read)?,
                })?;
                affinity.required = Some(terms);
            },
            "preferredDuringSchedulingIgnoredDuringExecution" => {
                affinity.preferred = Some(value.span()?);
            },
        })?;
        Ok(affinity)
    }
}

/// A term of the node affinity. An empty term matches no node (R4.3).
#[derive(Debug, Default)]
pub struct Term<'a> {
    /// The `matchExpressions`, sorted by canonical key.
    expressions: Option<Vec<MatchExpression<'a>>>,
    /// True if the term has `matchFields`.
    has_fields: bool,
    /// True if one of the `matchFields` is `metadata.name`.
    names_node: bool,
}

impl<'a> Term<'a> {
    fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut term = Self::default();
        fields!(json, |value| {
            "matchExpressions" => {
                let mut expressions = value.list_of(MatchExpression::read)?;
                expressions.sort_unstable_by(|a, b| canonical(&a.key).cmp(canonical(&b.key)));
                term.expressions = Some(expressions);
            },
            "matchFields" => value.items(|field| {
                term.has_fields = true;
                fields!(field, |key| {
                    "key" => term.names_node |= key.text()?.as_ref() == "metadata.name",
                })
            })?,
        })?;
        Ok(term)
    }

    /// True if the term holds no requirement at all, and so matches no node.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.has_fields && self.expressions().is_empty()
    }

    /// True if the term pins the pod to a node by the node's name.
    #[must_use]
    pub fn names_node(&self) -> bool {
        self.names_node
    }

    /// True if the term has `matchExpressions`, so that a patch can append to them.
    #[must_use]
    pub fn has_expressions(&self) -> bool {
        self.expressions.is_some()
    }

    /// True if the term is this one requirement and nothing else. The order of the values does not count.
    #[must_use]
    pub fn is_only(&self, key: &str, operator: Operator, values: &[&str]) -> bool {
        let [only] = self.expressions() else {
            return false;
        };
        let listed = only.values.as_slice();
        !self.has_fields
            && only.key.as_ref() == key
            && only.operator == operator
            && listed.len() == values.len()
            && values.iter().all(|value| {
                listed
                    .binary_search_by(|item| item.as_ref().cmp(value))
                    .is_ok()
            })
    }

    pub(super) fn expressions(&self) -> &[MatchExpression<'a>] {
        self.expressions.as_deref().unwrap_or_default()
    }
}

/// A term of the preferred node affinity.
#[derive(Debug, Default)]
pub struct PreferredTerm<'a> {
    /// The weight of the term, from 1 to 100.
    pub weight: i64,
    /// The requirements that a preferred node meets.
    pub preference: Term<'a>,
}

impl<'a> PreferredTerm<'a> {
    pub(super) fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut term = Self::default();
        fields!(json, |value| {
            "weight" => term.weight = value.parse()?,
            "preference" => term.preference = Term::read(value)?,
        })?;
        Ok(term)
    }
}
