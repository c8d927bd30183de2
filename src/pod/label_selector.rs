//! A label selector as its author wrote it. It selects pods or namespaces by their labels.

use std::borrow::Cow;

use super::expression::MatchExpression;
use crate::encoding::json::{Malformed, Reader, fields};

/// A label selector. An empty one selects every object.
#[derive(Debug, Default)]
pub(super) struct LabelSelector<'a> {
    /// The keys of `matchLabels`, each with the value that the label must have.
    labels: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    expressions: Vec<MatchExpression<'a>>,
}

/// A label of an object, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub(super) enum Label<'l> {
    /// The label's value, or `None` if the object lacks the label.
    Known(Option<&'l str>),
    /// The object gets a value that is not known yet.
    Open,
}

impl<'a> LabelSelector<'a> {
    pub(super) fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut selector = Self::default();
        fields!(json, |value| {
            "matchLabels" => value.entries(|key, value| {
                selector.labels.push((key, value.text()?));
                Ok(())
            })?,
            "matchExpressions" => selector.expressions = value.list_of(MatchExpression::read)?,
        })?;
        Ok(selector)
    }

    /// True if the selector selects an object. `label` looks up one of the object's labels by its key. An open label
    /// meets everything that the selector asks of it.
    pub(super) fn selects<'l>(&self, label: impl Fn(&str) -> Label<'l>) -> bool {
        let mut labels = self.labels.iter();
        let mut expressions = self.expressions.iter();
        labels.all(|(key, value)| match label(key) {
            Label::Known(found) => found == Some(value),
            Label::Open => true,
        }) && expressions.all(|expression| match label(&expression.key) {
            Label::Known(found) => expression.requirement().admits(found),
            Label::Open => true,
        })
    }
}
