//! A pod's hard constraints on its node: its node selector AND one of its affinity terms. Each such pair is an alternative.

use std::borrow::Cow;

use super::affinity::{Expression, NodeAffinity, PreferredTerm, Term};
use super::labels::NodeSelector;
use super::spec::Spec;
use crate::encoding::json::{Malformed, Reader};
use crate::node::label::canonical;
use crate::node::{Operator, Requirement};

/// One way to satisfy a pod's hard constraints: its node selector and, where there are any, one term.
#[derive(Debug, Clone, Copy)]
pub struct Alternative<'a> {
    selector: &'a [(Cow<'a, str>, Cow<'a, str>)],
    expressions: &'a [Expression<'a>],
}

impl<'a> Alternative<'a> {
    /// The requirements on one label, given by its canonical key.
    pub fn on(self, key: &str) -> impl Iterator<Item = Requirement<'a>> + Clone + use<'a> {
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
    pub fn term_keys(self) -> impl Iterator<Item = &'a str> {
        self.expressions
            .chunk_by(|a, b| canonical(&a.key) == canonical(&b.key))
            .map(|chunk| canonical(&chunk[0].key))
    }

    /// The canonical keys of the labels that the node selector constrains, each once.
    pub fn selector_keys(self) -> impl Iterator<Item = &'a str> {
        self.selector
            .chunk_by(|(a, _), (b, _)| canonical(a) == canonical(b))
            .map(|chunk| canonical(&chunk[0].0))
    }
}

fn selected_requirement<'a>((key, value): &'a (Cow<'a, str>, Cow<'a, str>)) -> Requirement<'a> {
    Requirement {
        key: canonical(key),
        operator: Operator::In,
        values: std::slice::from_ref(value),
    }
}

/// The run of a sorted list whose items have the key.
fn run<'a, T>(sorted: &'a [T], key_of: impl Fn(&T) -> &str, key: &str) -> &'a [T] {
    let start = sorted.partition_point(|item| key_of(item) < key);
    let length = sorted[start..].partition_point(|item| key_of(item) == key);
    &sorted[start..start + length]
}

impl Term<'_> {
    /// What the term asks, without any node selector.
    #[must_use]
    pub fn alone(&self) -> Alternative<'_> {
        Alternative {
            selector: &[],
            expressions: self.expressions(),
        }
    }
}

impl<'a> Spec<'a> {
    fn node_affinity(&self) -> Option<&NodeAffinity<'a>> {
        self.affinity.as_ref()?.node_affinity.as_ref()
    }

    /// The terms of the required node affinity; nothing where the pod has no required node affinity.
    #[must_use]
    pub fn terms(&self) -> Option<&[Term<'a>]> {
        self.node_affinity()?.required.as_deref()
    }

    /// The terms of the preferred node affinity.
    ///
    /// # Errors
    /// When they are no list of such terms.
    pub fn preferred(&self) -> Result<Vec<PreferredTerm<'a>>, Malformed> {
        let preferred = self.node_affinity().and_then(|affinity| affinity.preferred);
        preferred.map_or(Ok(Vec::new()), |list| {
            Reader::new(list).list_of(PreferredTerm::read)
        })
    }

    /// The preference that Karpenter takes for a requirement until it gives it up: the first of the heaviest. Those that
    /// cannot be read are none.
    #[must_use]
    pub fn heaviest_preference(&self) -> Option<PreferredTerm<'a>> {
        let preferred = self.preferred().unwrap_or_default().into_iter();
        preferred.reduce(|heaviest, other| {
            if other.weight > heaviest.weight {
                other
            } else {
                heaviest
            }
        })
    }

    /// The ways to satisfy the pod's hard constraints: one for each term that is not empty, or just its node selector.
    pub fn alternatives(&self) -> impl Iterator<Item = Alternative<'_>> {
        self.attempts().map(|(alternative, _)| alternative)
    }

    /// The same, each with whether another term comes after it: Karpenter gives such a term up before any preference, and
    /// so tries it together with the heaviest one alone.
    pub fn attempts(&self) -> impl Iterator<Item = (Alternative<'_>, bool)> {
        let terms = self.terms();
        let selector_alone = terms.is_none().then(|| (self.selector_alone(), false));
        let terms = terms.unwrap_or_default();
        let with_others = terms
            .iter()
            .enumerate()
            .filter(|(_, term)| !term.is_empty())
            .map(|(position, term)| (self.alternative(term), position + 1 < terms.len()));
        selector_alone.into_iter().chain(with_others)
    }

    /// What the node selector asks, and nothing else.
    #[must_use]
    pub fn selector_alone(&self) -> Alternative<'_> {
        let selector = self.node_selector.as_ref().map(NodeSelector::entries);
        Alternative {
            selector: selector.unwrap_or_default(),
            expressions: &[],
        }
    }

    /// What the node selector and this one term ask.
    #[must_use]
    pub fn alternative<'s>(&'s self, term: &'s Term<'_>) -> Alternative<'s> {
        Alternative {
            expressions: term.expressions(),
            ..self.selector_alone()
        }
    }
}
