//! A requirement on one label of a node: an operator and its values.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Deserialize;
use smol_str::SmolStr;

use super::key::{LONGEST_KEY, LONGEST_NAME};

/// The comparison of a label with the values of a requirement. `Gte` and `Lte` are Karpenter's own.
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
    /// The label's value is an integer greater than the requirement's value.
    Gt,
    /// The label's value is an integer less than the requirement's value.
    Lt,
    /// The label's value is an integer greater than or equal to the requirement's value.
    Gte,
    /// The label's value is an integer less than or equal to the requirement's value.
    Lte,
    /// An operator that berth does not know. berth cannot judge it, and so lets it exclude nothing.
    #[default]
    Unknown,
}

impl Operator {
    /// True if the operator compares integers.
    pub(crate) fn is_numeric(self) -> bool {
        match self {
            Self::Gt | Self::Lt | Self::Gte | Self::Lte => true,
            Self::In | Self::NotIn | Self::Exists | Self::DoesNotExist | Self::Unknown => false,
        }
    }
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
        Ok(Self::from(SmolStr::deserialize(deserializer)?.as_str()))
    }
}

/// A requirement of a pod on one label.
#[derive(Debug, Clone, Copy)]
pub struct Requirement<'a> {
    /// The label's canonical key.
    pub key: &'a str,
    /// The comparison of the label with the values.
    pub operator: Operator,
    /// The values that the label is compared with, sorted.
    pub values: &'a [Cow<'a, str>],
}

impl Requirement<'_> {
    /// True if kube-scheduler accepts a node whose label has this value, or that lacks the label (`None`).
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

    /// True if the value is one of the requirement's values.
    pub(crate) fn lists(&self, value: &str) -> bool {
        self.values
            .binary_search_by(|listed| listed.as_ref().cmp(value))
            .is_ok()
    }

    /// Returns the inclusive range of integers that a numeric requirement allows. `None` if it allows none, if it does
    /// not have one integer as its value, or if its operator is not numeric.
    pub(crate) fn bounds(&self) -> Option<(i64, i64)> {
        let [bound] = self.values else { return None };
        range(self.operator, integer(bound)?)
    }
}

/// Returns the inclusive range of integers that a numeric operator allows with this bound. `None` if it allows none, or
/// if the operator is not numeric.
pub(crate) fn range(operator: Operator, bound: i64) -> Option<(i64, i64)> {
    match operator {
        Operator::Gt => Some((bound.checked_add(1)?, i64::MAX)),
        Operator::Gte => Some((bound, i64::MAX)),
        Operator::Lt => Some((i64::MIN, bound.checked_sub(1)?)),
        Operator::Lte => Some((i64::MIN, bound)),
        Operator::In
        | Operator::NotIn
        | Operator::Exists
        | Operator::DoesNotExist
        | Operator::Unknown => None,
    }
}

pub(crate) fn integer(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// A requirement on one label of the nodes, as in a NodePool.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "!(self.operator in ['Gt', 'Lt', 'Gte', 'Lte']) || \
             (has(self.values) && self.values.size() == 1 && self.values[0].matches('^[-+]?[0-9]+$'))",
    "message": "Gt, Lt, Gte and Lte take exactly one value, an integer",
    "fieldPath": ".values",
}]))]
pub(crate) struct RequirementFile {
    /// The label's key.
    #[schemars(length(max = LONGEST_KEY))]
    pub(crate) key: SmolStr,
    /// The comparison of the label's value with the values. Gt, Lt, Gte and Lte take exactly one value, an integer.
    #[schemars(
        with = "String",
        extend("enum" = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte"])
    )]
    pub(crate) operator: Operator,
    /// The values that the label's value is compared with.
    #[serde(default)]
    #[schemars(length(max = 128), inner(length(max = LONGEST_NAME)))]
    pub(crate) values: Vec<SmolStr>,
    /// The number of different values that the instance types for one pod must have, as in a NodePool.
    #[serde(default)]
    #[schemars(range(min = 1, max = 50))]
    pub(crate) min_values: Option<i32>,
}
