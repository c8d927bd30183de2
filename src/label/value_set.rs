//! The set of values that a node pool offers for one label.

use std::fmt;

use smallvec::{SmallVec, smallvec};
use smol_str::SmolStr;

use super::asked::Asked;
use super::requirement::{Operator, integer, range};
use crate::encoding::field::FieldError;

/// The values that one label can have on a node pool's nodes: a finite set, or all values but a finite set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueSet {
    /// True if the set holds all values but those in `values`.
    complement: bool,
    /// In order, each once. Most sets have one, which needs no memory of its own, or a few.
    values: SmallVec<[SmolStr; 1]>,
    /// The inclusive lower bound of a complement. A finite set has no bounds: its values are within them already.
    lower: i64,
    /// The inclusive upper bound of a complement.
    upper: i64,
}

impl ValueSet {
    /// Returns the set of all values.
    #[must_use]
    pub fn any() -> Self {
        Self {
            complement: true,
            values: SmallVec::new(),
            lower: i64::MIN,
            upper: i64::MAX,
        }
    }

    /// Returns the set of this one value.
    #[must_use]
    pub fn of(value: impl Into<SmolStr>) -> Self {
        Self {
            complement: false,
            values: smallvec![value.into()],
            ..Self::any()
        }
    }

    /// Returns the set of these values.
    pub(crate) fn one_of(values: impl IntoIterator<Item = SmolStr>) -> Self {
        Self {
            values: in_order(values.into_iter()),
            ..Self::absent()
        }
    }

    /// Returns the empty set, which stands for a label that is absent.
    #[must_use]
    pub fn absent() -> Self {
        Self {
            complement: false,
            ..Self::any()
        }
    }

    /// Returns the set of values that a node pool's requirement allows.
    ///
    /// # Errors
    /// If Karpenter does not have the operator, or if a numeric operator does not have one integer as its value.
    pub fn new(operator: Operator, values: Vec<SmolStr>) -> Result<Self, FieldError> {
        Ok(match operator {
            Operator::In => Self::one_of(values),
            Operator::NotIn => Self {
                complement: true,
                ..Self::one_of(values)
            },
            Operator::Exists => Self::any(),
            Operator::DoesNotExist => Self::absent(),
            Operator::Gt | Operator::Lt | Operator::Gte | Operator::Lte => {
                let [bound] = &*values else {
                    return Err(FieldError::new(
                        "a numeric operator takes exactly one value",
                    ));
                };
                let bound = integer(bound)
                    .ok_or_else(|| FieldError::new(format!("{bound:?} is not an integer")))?;
                match range(operator, bound) {
                    Some((lower, upper)) => Self {
                        lower,
                        upper,
                        ..Self::any()
                    },
                    None => Self::absent(),
                }
            }
            Operator::Unknown => {
                return Err(FieldError::new(
                    "the operator is none of In, NotIn, Exists, DoesNotExist, Gt, Lt, Gte, Lte",
                ));
            }
        })
    }

    /// Returns the set of the values that both sets hold.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let (lower, upper) = (self.lower.max(other.lower), self.upper.min(other.upper));
        if lower > upper {
            return Self::absent();
        }
        if self.complement && other.complement {
            let bounds = Self {
                lower,
                upper,
                ..Self::any()
            };
            // Karpenter drops an excluded value that is outside the bounds, too.
            let excluded = self.values.iter().chain(&other.values);
            let values = excluded.filter(|value| bounds.within(value)).cloned();
            return Self {
                values: in_order(values),
                ..bounds
            };
        }
        let finite = if self.complement { other } else { self };
        let common = finite.values.iter();
        let common = common.filter(|value| self.contains(value) && other.contains(value));
        Self {
            values: common.cloned().collect(),
            ..Self::absent()
        }
    }

    /// True if the set holds the value.
    #[must_use]
    pub fn contains(&self, value: &str) -> bool {
        let place = self.values.binary_search_by(|known| (**known).cmp(value));
        self.complement != place.is_ok() && self.within(value)
    }

    /// True if Karpenter takes an instance type whose label has this value, or that lacks the label (`None`). For
    /// Karpenter, a lacking label meets only `NotIn` and `DoesNotExist`.
    pub(crate) fn admits(&self, value: Option<&str>) -> bool {
        match value {
            Some(value) => self.contains(value),
            None => self.complement != self.values.is_empty(),
        }
    }

    /// True if the value is within the bounds. A set without bounds admits every value, and one with bounds only
    /// integers.
    fn within(&self, value: &str) -> bool {
        let unbounded = self.lower == i64::MIN && self.upper == i64::MAX;
        unbounded || integer(value).is_some_and(|value| self.lower <= value && value <= self.upper)
    }

    /// True if a node pool that offers these values can make a node that meets a pod's requirements on the label, by
    /// Karpenter's rule. `can_lack` says that a node can be without the label.
    pub(crate) fn meets(&self, asked: &Asked<'_>, can_lack: bool) -> bool {
        let absence_admitted = || can_lack && asked.admits(None);
        if !self.complement {
            // For Karpenter, an absent label meets only NotIn and DoesNotExist.
            return if self.values.is_empty() {
                absence_admitted()
            } else {
                self.values.iter().any(|value| asked.admits(Some(value)))
            };
        }
        if let Some(found) = asked.lists(|value| self.contains(value)) {
            return found;
        }
        if asked.demands_absence() {
            // For Karpenter, a pod's DoesNotExist meets a node pool's NotIn, but never its Exists.
            return !self.values.is_empty() && absence_admitted();
        }
        // Karpenter looks only at the bounds, even if NotIn excludes every integer between them. No label has a value below
        // zero, since none begins with a sign.
        let (lower, upper) = asked.range();
        self.lower.max(lower).max(0) <= self.upper.min(upper)
    }

    /// Returns the values of a finite set, which are none if the label is absent. `None` if the set is not finite.
    #[must_use]
    pub fn values(&self) -> Option<impl ExactSizeIterator<Item = &str>> {
        if self.complement {
            return None;
        }
        Some(self.values.iter().map(|value| &**value))
    }
}

/// Returns values in order, each once.
fn in_order(values: impl Iterator<Item = SmolStr>) -> SmallVec<[SmolStr; 1]> {
    let mut values: SmallVec<_> = values.collect();
    values.sort_unstable();
    values.dedup();
    values
}

impl fmt::Display for ValueSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.complement, self.values.is_empty()) {
            (false, true) => return f.write_str("DoesNotExist"),
            (true, true) => f.write_str("Exists")?,
            (complement, false) => {
                let values: Vec<&str> = self.values.iter().map(|value| &**value).collect();
                write!(
                    f,
                    "{} [{}]",
                    if complement { "NotIn" } else { "In" },
                    values.join(", ")
                )?;
            }
        }
        if self.complement && self.lower != i64::MIN {
            write!(f, " >= {}", self.lower)?;
        }
        if self.complement && self.upper != i64::MAX {
            write!(f, " <= {}", self.upper)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::ValueSet;
    use crate::label::{Asked, Operator, Requirement};

    #[test]
    fn no_label_is_below_zero() {
        for (operator, bound, is_met) in [
            (Operator::Lt, "0", false),
            (Operator::Lte, "-1", false),
            (Operator::Lt, "1", true),
            (Operator::Gt, "-2", true),
        ] {
            let values = [Cow::Borrowed(bound)];
            let requirement = Requirement {
                key: "example.com/cpu",
                operator,
                values: &values,
            };
            let asked = Asked::new(std::iter::once(requirement));
            let at_most_four = ValueSet::new(Operator::Lte, vec!["4".into()]).unwrap();
            for set in [ValueSet::any(), at_most_four] {
                assert_eq!(set.meets(&asked, false), is_met, "{operator:?} {bound}");
            }
        }
    }
}
