//! The node affinity of a pod, as it is written: terms of requirements on the labels of nodes.

use std::borrow::Cow;

use crate::encoding::json::{Malformed, Reader, fields};
use crate::node::label::canonical;
use crate::node::{Operator, Requirement};

/// The affinity of a pod, of which node affinity alone is read.
#[derive(Debug, Default)]
pub struct Affinity<'a> {
    /// The node affinity.
    pub node_affinity: Option<NodeAffinity<'a>>,
}

impl<'a> Affinity<'a> {
    pub(super) fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut affinity = Self::default();
        fields!(json, |value| {
            "nodeAffinity" => affinity.node_affinity = Some(NodeAffinity::read(value)?),
        })?;
        Ok(affinity)
    }
}

/// The node affinity of a pod.
#[derive(Debug, Default)]
pub struct NodeAffinity<'a> {
    /// The terms that are required, which are alternatives (R4.2).
    pub(super) required: Option<Vec<Term<'a>>>,
    /// What is preferred, unread: only a pool that binds `Preferred` needs to know it.
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

/// One term of a required node affinity. An empty one matches no node (R4.3).
#[derive(Debug, Default)]
pub struct Term<'a> {
    /// The requirements on labels, sorted by canonical key; nothing where the term has no such list.
    expressions: Option<Vec<Expression<'a>>>,
    has_fields: bool,
    names_node: bool,
}

/// A requirement on a label as the pod writes it, but for the order of its values.
#[derive(Debug, Default)]
pub(super) struct Expression<'a> {
    pub(super) key: Cow<'a, str>,
    operator: Operator,
    values: Vec<Cow<'a, str>>,
}

impl<'a> Expression<'a> {
    fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut expression = Self::default();
        fields!(json, |value| {
            "key" => expression.key = value.text()?,
            "operator" => expression.operator = Operator::from(value.text()?.as_ref()),
            "values" => expression.values = value.list_of(Reader::text)?,
        })?;
        // Order has no meaning here, and sorted lists keep hostile ones from costing quadratic time.
        expression.values.sort_unstable();
        Ok(expression)
    }

    pub(super) fn requirement(&self) -> Requirement<'_> {
        Requirement {
            key: canonical(&self.key),
            operator: self.operator,
            values: &self.values,
        }
    }
}

impl<'a> Term<'a> {
    fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut term = Self::default();
        fields!(json, |value| {
            "matchExpressions" => {
                let mut expressions = value.list_of(Expression::read)?;
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

    /// Whether the term has nothing in it, and so matches nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.has_fields && self.expressions().is_empty()
    }

    /// Whether the term pins the pod to a node by its name.
    #[must_use]
    pub fn names_node(&self) -> bool {
        self.names_node
    }

    /// Whether the term has a list of requirements on labels that another can be added to.
    #[must_use]
    pub fn has_expressions(&self) -> bool {
        self.expressions.is_some()
    }

    /// Whether the term is this one requirement and nothing else, whatever the order of its values.
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

    pub(super) fn expressions(&self) -> &[Expression<'a>] {
        self.expressions.as_deref().unwrap_or_default()
    }
}

/// A term of the preferred node affinity.
#[derive(Debug, Default)]
pub struct PreferredTerm<'a> {
    /// How much the term counts, from 1 to 100.
    pub weight: i64,
    /// What nodes had better match.
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
