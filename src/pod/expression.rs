//! The expressions on labels: of the terms of a node affinity, and of label selectors. Both have one form.

use std::borrow::Cow;

use crate::encoding::json::{Malformed, Reader, fields};
use crate::label::{Operator, Requirement, canonical};

/// An entry of `matchExpressions`, with the key as its author wrote it. The values are sorted.
#[derive(Debug, Default)]
pub(super) struct MatchExpression<'a> {
    pub(super) key: Cow<'a, str>,
    pub(super) operator: Operator,
    pub(super) values: Vec<Cow<'a, str>>,
}

impl<'a> MatchExpression<'a> {
    pub(super) fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut expression = Self::default();
        fields!(json, |value| {
            "key" => expression.key = value.text()?,
            "operator" => expression.operator = Operator::from(value.text()?.as_ref()),
            "values" => expression.values = value.list_of(Reader::text)?,
        })?;
        // Their order has no meaning. A look-up in a sorted list stays fast even if the list is hostile.
        expression.values.sort_unstable();
        Ok(expression)
    }

    /// Returns the requirement on the label of a node.
    pub(super) fn requirement(&self) -> Requirement<'_> {
        Requirement {
            key: canonical(&self.key),
            operator: self.operator,
            values: &self.values,
        }
    }
}
