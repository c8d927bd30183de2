//! The tolerations of a pod, and the taints that they tolerate.

use std::borrow::Cow;

use crate::encoding::json::{Malformed, Reader, fields};
use crate::node::Taint;

/// A toleration as its author wrote it. The operator is a text, since it may be one that berth does not know. Such a
/// toleration tolerates nothing (R4.8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Toleration<'a> {
    /// The taint's key. If it is empty and the operator is `Exists`, every key matches.
    pub key: Cow<'a, str>,
    /// The operator. An empty one means `Equal`.
    pub operator: Cow<'a, str>,
    /// The value that the operator compares the taint's value with.
    pub value: Cow<'a, str>,
    /// The taint's effect. If it is empty, every effect matches.
    pub effect: Cow<'a, str>,
    /// The time in seconds for which a `NoExecute` taint is tolerated. `None` means forever.
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

    /// True if the toleration tolerates the taint forever, so that berth need not add one (R4.7).
    #[must_use]
    pub fn covers(&self, taint: &Taint) -> bool {
        let lasting = taint.effect != "NoExecute" || self.toleration_seconds.is_none();
        let compares = matches!(self.operator.as_ref(), "Gt" | "Lt");
        lasting && !compares && self.tolerates(taint)
    }

    /// True if the toleration covers the taint and is no wider than the one that berth would add for it.
    #[must_use]
    pub fn is_for(&self, taint: &Taint) -> bool {
        self.key.as_ref() == taint.key
            && self.effect.as_ref() == taint.effect
            && (self.operator.as_ref() != "Exists" || taint.value.is_empty())
            && self.covers(taint)
    }

    /// True if a pod with the toleration may run on a node with the taint, even if only for a limited time, by the rule
    /// of kube-scheduler and of Karpenter. The numeric operators count, although not every cluster has them.
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

/// Parses an integer, or returns `None` if it is not in the one form that the API server accepts.
fn decimal(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok()?;
    if number.to_string() == text {
        Some(number)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Toleration;
    use crate::node::Taint;

    /// A toleration with a numeric operator of newer API servers tolerates a taint, but does not cover it: the cluster
    /// may not have the operator.
    #[test]
    fn numbers_are_compared_as_karpenter_compares_them() {
        let taint = Taint {
            key: "size".into(),
            value: "8".into(),
            effect: "NoSchedule".into(),
        };
        for (operator, value, tolerates) in [
            ("Gt", "7", true),
            ("Gt", "8", false),
            ("Lt", "9", true),
            ("Lt", "8", false),
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
