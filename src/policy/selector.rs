//! Label selectors, for the labels of pods and of namespaces. They have all that Kubernetes' own have.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::encoding::field::FieldError;
use crate::label::{
    KEY_PATTERN, LONGEST_KEY, LONGEST_NAME, VALUE_PATTERN, key_validations, valid_key, valid_value,
};

/// A label selector. Labels must match all of its parts. An empty selector matches all labels.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SelectorFile {
    /// The labels that must be present, each with this value.
    #[serde(default)]
    #[schemars(extend(
        "maxProperties" = 32,
        "additionalProperties" = {"type": "string", "maxLength": LONGEST_NAME, "pattern": VALUE_PATTERN},
        "x-kubernetes-validations" = key_validations()
    ))]
    match_labels: BTreeMap<String, String>,
    /// Requirements on labels, each on one label. Several may be on the same label.
    #[serde(default)]
    #[schemars(length(max = 32))]
    match_expressions: Vec<ExpressionFile>,
}

/// A requirement on one label.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)",
    "message": "In and NotIn need at least one value, Exists and DoesNotExist take none",
    "fieldPath": ".values",
}]))]
struct ExpressionFile {
    /// The label's key.
    #[schemars(length(max = LONGEST_KEY), regex(pattern = KEY_PATTERN))]
    key: String,
    /// The comparison. In: the label has one of the values. NotIn: the label has none of the values, or is absent.
    /// Exists: the label is present. DoesNotExist: the label is absent.
    #[schemars(extend("enum" = ["In", "NotIn", "Exists", "DoesNotExist"]))]
    operator: String,
    /// The values that In and NotIn compare the label's value with. Exists and DoesNotExist take none.
    #[serde(default)]
    #[schemars(length(max = 64), inner(length(max = LONGEST_NAME), regex(pattern = VALUE_PATTERN)))]
    values: Vec<String>,
}

/// A valid label selector: expressions, each on the label of its key. Labels must meet all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector(Vec<(String, Expression)>);

/// An operator of a label selector, with the values that it compares a label with.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Expression {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    DoesNotExist,
}

impl Selector {
    /// True if labels match. `label` looks up the value of one of them by its key.
    pub fn matches<'l>(&self, label: impl Fn(&str) -> Option<&'l str>) -> bool {
        self.0
            .iter()
            .all(|(key, expression)| expression.holds(label(key)))
    }

    /// True if the selector says something of the label.
    pub(super) fn names(&self, key: &str) -> bool {
        self.0.iter().any(|(listed, _)| listed == key)
    }

    /// Returns the selector of what has labels with these keys.
    pub(super) fn present<'k>(keys: impl Iterator<Item = &'k str>) -> Self {
        Self(
            keys.map(|key| (key.to_owned(), Expression::Exists))
                .collect(),
        )
    }

    /// Returns the number of its expressions and their values.
    pub(super) fn size(&self) -> usize {
        let sizes = self.0.iter();
        sizes
            .map(|(_, expression)| 1 + expression.values().count())
            .sum()
    }

    /// Returns the selector of what matches both.
    pub(super) fn and(&self, other: &Self) -> Self {
        Self([&self.0[..], &other.0[..]].concat())
    }

    /// Returns the selector without what it says of labels whose key is one of these.
    pub(super) fn without(&self, is_key: impl Fn(&str) -> bool) -> Self {
        let kept = self.0.iter().filter(|(key, _)| !is_key(key));
        Self(kept.cloned().collect())
    }

    /// True if all labels that match this selector surely match the other one too.
    pub(super) fn implies(&self, other: &Self) -> bool {
        other.0.iter().all(|(key, wanted)| {
            let mut own = self.0.iter().filter(|(listed, _)| listed == key);
            own.any(|(_, expression)| expression.implies(wanted))
        })
    }

    /// Returns the key of a label whose expressions no value meets, nor its absence. `None` if some labels match.
    pub(super) fn contradiction(&self) -> Option<&str> {
        let keys = self.0.iter().map(|(key, _)| key.as_str());
        keys.into_iter()
            .find(|key| !self.admits(key, None) && !self.admits_presence(key))
    }

    /// True if some set of labels matches in which `key` has a value.
    pub(super) fn admits_presence(&self, key: &str) -> bool {
        let on_key = self.0.iter().filter(|(listed, _)| listed == key);
        let listed: Vec<&str> = on_key.flat_map(|(_, own)| own.values()).collect();
        // A value that no expression lists: it is longer than each of them.
        let longest = listed.iter().max_by_key(|value| value.len());
        let unlisted = format!("{}x", longest.copied().unwrap_or_default());
        let mut values = listed.into_iter().chain([unlisted.as_str()]);
        values.any(|value| self.admits(key, Some(value)))
    }

    /// Returns the changes that would make labels match, each as `key=value`, as `kubectl label` takes them. `None` if
    /// no such change does.
    #[must_use]
    pub fn changes<'l>(&self, label: impl Fn(&str) -> Option<&'l str>) -> Option<Vec<String>> {
        let mut changes: Vec<String> = Vec::new();
        for (key, expression) in &self.0 {
            if expression.holds(label(key)) {
                continue;
            }
            let change = match expression {
                // The first value that all expressions on the label accept.
                Expression::In(values) => {
                    let value = values.iter().find(|value| self.admits(key, Some(value)))?;
                    format!("{key}={value}")
                }
                Expression::Exists => format!("{key}=true"),
                Expression::NotIn(_) | Expression::DoesNotExist => format!("{key}-"),
            };
            if !changes.contains(&change) {
                changes.push(change);
            }
        }
        Some(changes)
    }

    /// True if some set of labels matches in which `key` has this value, or is absent (`None`).
    #[must_use]
    pub fn admits(&self, key: &str, value: Option<&str>) -> bool {
        let mut on_key = self.0.iter().filter(|(listed, _)| listed == key);
        on_key.all(|(_, expression)| expression.holds(value))
    }
}

impl Expression {
    /// True if a label with this value, or an absent one (`None`), meets the expression.
    fn holds(&self, value: Option<&str>) -> bool {
        match self {
            Self::In(values) => {
                value.is_some_and(|value| values.iter().any(|listed| listed == value))
            }
            Self::NotIn(values) => {
                !value.is_some_and(|value| values.iter().any(|listed| listed == value))
            }
            Self::Exists => value.is_some(),
            Self::DoesNotExist => value.is_none(),
        }
    }
}

impl Expression {
    /// Returns the values that it lists.
    fn values(&self) -> impl Iterator<Item = &str> {
        let values: &[String] = match self {
            Self::In(values) | Self::NotIn(values) => values,
            Self::Exists | Self::DoesNotExist => &[],
        };
        values.iter().map(String::as_str)
    }

    /// True if every label that meets this expression meets the other one.
    fn implies(&self, other: &Self) -> bool {
        let within = |few: &[String], many: &[String]| few.iter().all(|value| many.contains(value));
        match (self, other) {
            (Self::In(own), Self::In(others)) => within(own, others),
            (Self::In(own), Self::NotIn(others)) => !own.iter().any(|value| others.contains(value)),
            (Self::NotIn(own), Self::NotIn(others)) => within(others, own),
            (Self::In(_) | Self::Exists, Self::Exists)
            | (Self::DoesNotExist, Self::DoesNotExist | Self::NotIn(_)) => true,
            (Self::In(_), Self::DoesNotExist)
            | (Self::NotIn(_) | Self::Exists | Self::DoesNotExist, _) => false,
        }
    }
}

impl TryFrom<SelectorFile> for Selector {
    type Error = FieldError;

    fn try_from(file: SelectorFile) -> Result<Self, FieldError> {
        let SelectorFile {
            match_labels,
            match_expressions,
        } = file;
        let mut expressions = Vec::with_capacity(match_labels.len() + match_expressions.len());
        for (key, value) in match_labels {
            let valid = valid_key(&key).and_then(|()| valid_value(&value));
            valid.map_err(|error| error.in_entry(&key).in_field("matchLabels"))?;
            expressions.push((key, Expression::In(vec![value])));
        }
        for (index, file) in match_expressions.into_iter().enumerate() {
            let expression = expression(file);
            let wrong = |error: FieldError| error.in_item(index).in_field("matchExpressions");
            expressions.push(expression.map_err(wrong)?);
        }
        Ok(Self(expressions))
    }
}

fn expression(file: ExpressionFile) -> Result<(String, Expression), FieldError> {
    let ExpressionFile {
        key,
        operator,
        values,
    } = file;
    valid_key(&key).map_err(|error| error.in_field("key"))?;
    for value in &values {
        valid_value(value).map_err(|error| error.in_field("values"))?;
    }
    let (takes_values, make): (bool, fn(Vec<String>) -> Expression) = match operator.as_str() {
        "In" => (true, Expression::In),
        "NotIn" => (true, Expression::NotIn),
        "Exists" => (false, |_| Expression::Exists),
        "DoesNotExist" => (false, |_| Expression::DoesNotExist),
        other => {
            let message = format!("{other:?} is not one of In, NotIn, Exists, DoesNotExist");
            return Err(FieldError::new(message).in_field("operator"));
        }
    };
    if takes_values == values.is_empty() {
        let bound = if takes_values {
            "needs at least one value"
        } else {
            "takes no values"
        };
        return Err(FieldError::new(format!("{operator} {bound}")).in_field("values"));
    }
    Ok((key, make(values)))
}
