//! A pod's hard constraints on its node. The node must match the node selector and one of the required affinity terms,
//! so each term, together with the node selector, is an alternative.

use std::borrow::Cow;

use super::affinity::{NodeAffinity, PreferredTerm, Term};
use super::expression::MatchExpression;
use super::labels::NodeSelector;
use super::spec::Spec;
use crate::encoding::json::{Malformed, Reader};
use crate::label::{Operator, Requirement, canonical};

/// One way to meet a pod's hard constraints: its node selector together with one of its terms, if it has any.
#[derive(Debug, Clone, Copy)]
pub struct Alternative<'a> {
    selector: &'a [(Cow<'a, str>, Cow<'a, str>)],
    expressions: &'a [MatchExpression<'a>],
}

impl<'a> Alternative<'a> {
    /// Returns the requirements on one label. The key is canonical.
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
            .chain(required.iter().map(MatchExpression::requirement))
    }

    /// Returns an address that alternatives of one pod share only if they have the same requirements.
    #[must_use]
    pub fn address(self) -> *const () {
        self.expressions.as_ptr().cast()
    }

    /// True if the alternative has a requirement on the label. The key is canonical.
    #[must_use]
    pub fn constrains(self, key: &str) -> bool {
        self.on(key).next().is_some()
    }

    /// True if a node whose label has this value meets the requirements on that label, by kube-scheduler's rule. The
    /// key is canonical.
    #[must_use]
    pub fn admits(self, key: &str, value: &str) -> bool {
        self.on(key)
            .all(|requirement| requirement.admits(Some(value)))
    }

    /// Returns the canonical keys of the labels that the term constrains, each once.
    pub fn term_keys(self) -> impl Iterator<Item = &'a str> {
        self.expressions
            .chunk_by(|a, b| canonical(&a.key) == canonical(&b.key))
            .map(|chunk| canonical(&chunk[0].key))
    }

    /// Returns the values that the only requirement on a label lists. `None` if there is none, or several, or one that
    /// does not list what it accepts.
    #[must_use]
    pub fn listed(self, label: &'a str) -> Option<&'a [Cow<'a, str>]> {
        let mut on_label = self.on(label);
        let (first, second) = (on_label.next()?, on_label.next());
        (first.operator == Operator::In && second.is_none()).then_some(first.values)
    }

    /// Returns the canonical keys of the labels that the node selector constrains, each once.
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

/// Returns the part of a sorted list whose items have the key.
fn run<'a, T>(sorted: &'a [T], key_of: impl Fn(&T) -> &str, key: &str) -> &'a [T] {
    let start = sorted.partition_point(|item| key_of(item) < key);
    let length = sorted[start..].partition_point(|item| key_of(item) == key);
    &sorted[start..start + length]
}

impl Term<'_> {
    /// Returns the requirements of the term, without any node selector.
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

    /// Returns the terms of the required node affinity, or `None` if the pod has no required node affinity.
    #[must_use]
    pub fn terms(&self) -> Option<&[Term<'a>]> {
        self.node_affinity()?.required.as_deref()
    }

    /// Parses the terms of the preferred node affinity.
    ///
    /// # Errors
    /// If the field is not a list of such terms.
    pub fn preferred(&self) -> Result<Vec<PreferredTerm<'a>>, Malformed> {
        let preferred = self.node_affinity().and_then(|affinity| affinity.preferred);
        preferred.map_or(Ok(Vec::new()), |list| {
            Reader::new(list).list_of(PreferredTerm::read)
        })
    }

    /// Returns the preference that Karpenter treats as a requirement until it gives the preference up: the first of the
    /// heaviest. `None` if the pod has no preference, or if its preferences cannot be read.
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

    /// Returns the ways to meet the pod's hard constraints: one for each term that is not empty, or the node selector
    /// alone if the pod has no required node affinity.
    pub fn alternatives(&self) -> impl Iterator<Item = Alternative<'_>> {
        self.attempts().map(|(alternative, _)| alternative)
    }

    /// Returns the [alternatives](Self::alternatives), each with `true` if another term comes after it. Karpenter gives
    /// up such a term before it gives up any preference, and so tries the term only together with the heaviest
    /// preference.
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

    /// Returns the requirements of the node selector alone.
    #[must_use]
    pub fn selector_alone(&self) -> Alternative<'_> {
        let selector = self.node_selector.as_ref().map(NodeSelector::entries);
        Alternative {
            selector: selector.unwrap_or_default(),
            expressions: &[],
        }
    }

    /// Returns the requirements of the node selector together with those of this term.
    #[must_use]
    pub fn alternative<'s>(&'s self, term: &'s Term<'_>) -> Alternative<'s> {
        Alternative {
            expressions: term.expressions(),
            ..self.selector_alone()
        }
    }
}
