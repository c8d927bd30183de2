//! What is asked of one label of a node: an operator and its values.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Deserialize;

use super::label::{LONGEST_KEY, LONGEST_NAME};

/// How a requirement compares a label with its values. `Gte` and `Lte` are Karpenter's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Operator {
    /// The label's value is one of the values.
    In,
    /// The label is absent, or its value is none of the values.
    NotIn,
    /// The label is present.
    Exists,
    /// The label is absent.
    DoesNotExist,
    /// The label's value, an integer, is greater.
    Gt,
    /// The label's value, an integer, is less.
    Lt,
    /// The label's value, an integer, is greater or equal.
    Gte,
    /// The label's value, an integer, is less or equal.
    Lte,
    /// None that berth knows: it cannot be judged, so it excludes nothing.
    #[default]
    Unknown,
}

impl From<&str> for Operator {
    fn from(operator: &str) -> Self {
        match operator {
            "In" => Self::In,
            "NotIn" => Self::NotIn,
            "Exists" => Self::Exists,
            "DoesNotExist" => Self::DoesNotExist,
            "Gt" => Self::Gt,
            "Lt" => Self::Lt,
            "Gte" => Self::Gte,
            "Lte" => Self::Lte,
            _ => Self::Unknown,
        }
    }
}

impl<'de> Deserialize<'de> for Operator {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}

/// One requirement of a pod, borrowed. The key is canonical and the values are sorted.
#[derive(Debug, Clone, Copy)]
pub struct Requirement<'a> {
    /// The label's canonical name.
    pub key: &'a str,
    /// How the label is compared.
    pub operator: Operator,
    /// The values it is compared with, sorted.
    pub values: &'a [Cow<'a, str>],
}

impl Requirement<'_> {
    /// Whether a node that has the label with this value, or lacks it, matches: kube-scheduler's rule.
    #[must_use]
    pub fn admits(&self, value: Option<&str>) -> bool {
        match self.operator {
            Operator::In => value.is_some_and(|value| self.lists(value)),
            Operator::NotIn => !value.is_some_and(|value| self.lists(value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::Gt | Operator::Lt | Operator::Gte | Operator::Lte => {
                let Some((value, (lower, upper))) = value.and_then(integer).zip(self.bounds())
                else {
                    return false;
                };
                lower <= value && value <= upper
            }
            Operator::Unknown => true,
        }
    }

    pub(super) fn lists(&self, value: &str) -> bool {
        self.values
            .binary_search_by(|listed| listed.as_ref().cmp(value))
            .is_ok()
    }

    /// The inclusive range of a numeric operator; nothing where its value is no integer, or none can be met.
    pub(super) fn bounds(&self) -> Option<(i64, i64)> {
        let [bound] = self.values else { return None };
        range(self.operator, integer(bound)?)
    }
}

/// The inclusive range of integers that a numeric operator and its bound allow.
pub(super) fn range(operator: Operator, bound: i64) -> Option<(i64, i64)> {
    match operator {
        Operator::Gt => Some((bound.checked_add(1)?, i64::MAX)),
        Operator::Gte => Some((bound, i64::MAX)),
        Operator::Lt => Some((i64::MIN, bound.checked_sub(1)?)),
        Operator::Lte => Some((i64::MIN, bound)),
        _ => None,
    }
}

pub(super) fn integer(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// What the nodes' value of one label can be, as in a NodePool.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "!(self.operator in ['Gt', 'Lt', 'Gte', 'Lte']) || \
             (has(self.values) && self.values.size() == 1 && self.values[0].matches('^[-+]?[0-9]+$'))",
    "message": "Gt, Lt, Gte and Lte take exactly one value, an integer",
    "fieldPath": ".values",
}]))]
pub(super) struct RequirementFile {
    /// The label's key.
    #[schemars(length(max = LONGEST_KEY))]
    pub(super) key: String,
    /// How the label's value is compared with the values; Gt, Lt, Gte and Lte take one, an integer.
    #[schemars(
        with = "String",
        extend("enum" = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte"])
    )]
    pub(super) operator: Operator,
    /// What the label's value is compared with.
    #[serde(default)]
    #[schemars(length(max = 128), inner(length(max = LONGEST_NAME)))]
    pub(super) values: Vec<String>,
}
