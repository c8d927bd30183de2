//! Tolerations: which taints a pod tolerates already, and the narrowest toleration for one that it does not.

use std::borrow::Cow;

use crate::encoding::json::{Malformed, Reader, fields};
use crate::node::Taint;

/// A toleration as the pod has it. Its operator is text: one that berth does not know tolerates nothing (R4.8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Toleration<'a> {
    /// The taint's key; empty, with `Exists`, for every key.
    pub key: Cow<'a, str>,
    /// `Exists`, `Equal`, empty for `Equal`, or another.
    pub operator: Cow<'a, str>,
    /// The taint's value, for `Equal`.
    pub value: Cow<'a, str>,
    /// The taint's effect; empty for every effect.
    pub effect: Cow<'a, str>,
    /// How long a `NoExecute` taint is tolerated; forever when absent.
    pub toleration_seconds: Option<i64>,
}

impl<'a> Toleration<'a> {
    pub(super) fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut toleration = Self::default();
        fields!(json, |value| {
            "key" => toleration.key = value.text()?,
            "operator" => toleration.operator = value.text()?,
            "value" => toleration.value = value.text()?,
            "effect" => toleration.effect = value.text()?,
            "tolerationSeconds" => toleration.toleration_seconds = Some(value.parse()?),
        })?;
        Ok(toleration)
    }

    /// Whether the toleration tolerates the taint for good, so that nothing need be added for it (R4.7).
    #[must_use]
    pub fn covers(&self, taint: &Taint) -> bool {
        let lasting = taint.effect != "NoExecute" || self.toleration_seconds.is_none();
        let compares = matches!(self.operator.as_ref(), "Gt" | "Lt");
        lasting && !compares && self.tolerates(taint)
    }

    /// Whether the toleration is what berth adds for the taint, no wider.
    #[must_use]
    pub fn is_for(&self, taint: &Taint) -> bool {
        self.key.as_ref() == taint.key
            && self.effect.as_ref() == taint.effect
            && (self.operator.as_ref() != "Exists" || taint.value.is_empty())
            && self.covers(taint)
    }

    /// Whether a pod with the toleration may be put on a node with the taint, be it for a while: kube-scheduler's rule, and
    /// Karpenter's. The numeric operators count, although not every cluster has them.
    #[must_use]
    pub fn tolerates(&self, taint: &Taint) -> bool {
        let operator = self.operator.as_ref();
        let key = if self.key.is_empty() {
            operator == "Exists"
        } else {
            self.key.as_ref() == taint.key
        };
        let effect = self.effect.is_empty() || self.effect.as_ref() == taint.effect;
        key && effect
            && match operator {
                "" | "Equal" => self.value.as_ref() == taint.value,
                "Exists" => true,
                "Gt" | "Lt" => {
                    let numbers = decimal(&taint.value).zip(decimal(&self.value));
                    numbers.is_some_and(|(taint, bound)| {
                        if operator == "Gt" {
                            taint > bound
                        } else {
                            taint < bound
                        }
                    })
                }
                _ => false,
            }
    }
}

/// An integer in the one form that the API server takes for one.
fn decimal(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::Toleration;
    use crate::node::Taint;

    /// The numeric operators of newer API servers let a pod in where the cluster has them, and spare it no toleration
    /// where it may not.
    #[test]
    fn numbers_are_compared_as_karpenter_compares_them() {
        let taint = Taint {
            key: "size".to_owned(),
            value: "8".to_owned(),
            effect: "NoSchedule".to_owned(),
        };
        for (operator, value, tolerates) in [
            ("Gt", "7", true),
            ("Gt", "8", false),
            ("Lt", "9", true),
            ("Lt", "08", false),
            ("Lt", "x", false),
            ("Equal", "8", true),
        ] {
            let toleration = Toleration {
                key: "size".into(),
                operator: operator.into(),
                value: value.into(),
                ..Toleration::default()
            };
            let compares = operator != "Equal";
            assert_eq!(
                toleration.tolerates(&taint),
                tolerates,
                "{operator} {value}"
            );
            assert_eq!(
                toleration.covers(&taint),
                tolerates && !compares,
                "{operator} {value}"
            );
        }
    }
}
