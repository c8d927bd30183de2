//! The terms of a node affinity, and the ways to satisfy a pod's hard constraints that they make.

use serde::Deserialize;

use crate::placement::object::objects;
use crate::placement::requirement::{Operator, Requirement, canonical};
use crate::placement::text::Text;

objects!(Required, TermFile, Field, Expression, PreferredTerm);

/// The required part of a node affinity: its terms are alternatives (R4.2).
#[derive(Debug, Default, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
pub struct Required<'a> {
    #[serde(borrow, default)]
    pub(super) node_selector_terms: Option<Vec<Term<'a>>>,
}

/// One term of a required node affinity. An empty one matches no node (R4.3).
#[derive(Debug, Default, Deserialize)]
#[serde(from = "TermFile<'a>", bound(deserialize = "'de: 'a"))]
pub struct Term<'a> {
    /// The requirements on labels, sorted by canonical key; nothing where the term has no such list.
    expressions: Option<Vec<Expression<'a>>>,
    has_fields: bool,
    names_node: bool,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
struct TermFile<'a> {
    #[serde(borrow, default)]
    match_expressions: Option<Vec<Expression<'a>>>,
    #[serde(borrow, default)]
    match_fields: Option<Vec<Field<'a>>>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Field<'a> {
    #[serde(borrow, default)]
    key: Text<'a>,
}

/// A requirement on a label as the pod writes it.
#[derive(Debug, Deserialize)]
#[serde(remote = "Self")]
pub(super) struct Expression<'a> {
    #[serde(borrow, default)]
    key: Text<'a>,
    #[serde(default)]
    operator: Operator,
    #[serde(borrow, default)]
    values: Option<Vec<Text<'a>>>,
}

impl<'a> From<TermFile<'a>> for Term<'a> {
    fn from(
        TermFile {
            match_expressions,
            match_fields,
        }: TermFile<'a>,
    ) -> Self {
        let mut expressions = match_expressions;
        // Order has no meaning here, and sorted lists keep hostile ones from costing quadratic time.
        if let Some(expressions) = &mut expressions {
            expressions.sort_unstable_by(|a, b| canonical(&a.key).cmp(canonical(&b.key)));
            for values in expressions
                .iter_mut()
                .filter_map(|expression| expression.values.as_mut())
            {
                values.sort_unstable();
            }
        }
        let fields = match_fields.unwrap_or_default();
        let names_node = fields
            .iter()
            .any(|field| field.key.as_str() == "metadata.name");
        Self {
            expressions,
            has_fields: !fields.is_empty(),
            names_node,
        }
    }
}

impl<'a> Term<'a> {
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
        let listed = only.values.as_deref().unwrap_or_default();
        !self.has_fields
            && only.key.as_str() == key
            && only.operator == operator
            && listed.len() == values.len()
            && values.iter().all(|value| {
                listed
                    .binary_search_by(|item| item.as_str().cmp(value))
                    .is_ok()
            })
    }

    pub(super) fn expressions(&self) -> &[Expression<'a>] {
        self.expressions.as_deref().unwrap_or_default()
    }
}

/// A term of the preferred node affinity.
#[derive(Debug, Deserialize)]
#[serde(remote = "Self")]
pub struct PreferredTerm<'a> {
    /// How much the term counts, from 1 to 100.
    #[serde(default)]
    pub weight: i64,
    /// What nodes had better match.
    #[serde(borrow, default)]
    pub preference: Term<'a>,
}

/// One way to satisfy a pod's hard constraints: its node selector and, where there are any, one term.
#[derive(Debug, Clone, Copy)]
pub struct Alternative<'v, 'a> {
    pub(super) selector: &'v [(Text<'a>, Text<'a>)],
    pub(super) expressions: &'v [Expression<'a>],
}

impl<'v, 'a> Alternative<'v, 'a> {
    /// The requirements on one label, given by its canonical key.
    pub fn on(self, key: &str) -> impl Iterator<Item = Requirement<'v, 'a>> + Clone + use<'v, 'a> {
        let selected = run(self.selector, |(listed, _)| canonical(listed), key);
        let required = run(
            self.expressions,
            |expression| canonical(&expression.key),
            key,
        );
        selected
            .iter()
            .map(selected_requirement)
            .chain(required.iter().map(Expression::requirement))
    }

    /// Whether anything is asked of the label.
    #[must_use]
    pub fn constrains(self, key: &str) -> bool {
        self.on(key).next().is_some()
    }

    /// Whether a node with this value of the label may be used, as far as this label goes.
    #[must_use]
    pub fn admits(self, key: &str, value: &str) -> bool {
        self.on(key)
            .all(|requirement| requirement.admits(Some(value)))
    }

    /// The canonical keys of the labels that the term constrains, each once.
    pub fn term_keys(self) -> impl Iterator<Item = &'v str> {
        self.expressions
            .chunk_by(|a, b| canonical(&a.key) == canonical(&b.key))
            .map(|chunk| canonical(&chunk[0].key))
    }

    /// The canonical keys of the labels that the node selector constrains, each once.
    pub fn selector_keys(self) -> impl Iterator<Item = &'v str> {
        self.selector
            .chunk_by(|(a, _), (b, _)| canonical(a) == canonical(b))
            .map(|chunk| canonical(&chunk[0].0))
    }
}

impl<'a> Expression<'a> {
    fn requirement(&self) -> Requirement<'_, 'a> {
        Requirement {
            key: canonical(&self.key),
            operator: self.operator,
            values: self.values.as_deref().unwrap_or_default(),
        }
    }
}

fn selected_requirement<'v, 'a>((key, value): &'v (Text<'a>, Text<'a>)) -> Requirement<'v, 'a> {
    Requirement {
        key: canonical(key),
        operator: Operator::In,
        values: std::slice::from_ref(value),
    }
}

/// The run of a sorted list whose items have the key.
fn run<'v, T>(sorted: &'v [T], key_of: impl Fn(&T) -> &str, key: &str) -> &'v [T] {
    let start = sorted.partition_point(|item| key_of(item) < key);
    let length = sorted[start..].partition_point(|item| key_of(item) == key);
    &sorted[start..start + length]
}
