//! What a node pool offers for one label, as a set of values.

use std::collections::BTreeSet;
use std::fmt;

use super::asked::Asked;
use super::requirement::{Operator, integer, range};
use crate::encoding::field::FieldError;

/// The values that a node pool's nodes may have for one label: finite, or everything but a finite set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueSet {
    /// Whether `values` are the ones left out.
    complement: bool,
    values: BTreeSet<Box<str>>,
    /// Inclusive bounds, meaningful for a complement only: a finite set has them applied already.
    lower: i64,
    upper: i64,
}

impl ValueSet {
    /// Any value.
    #[must_use]
    pub fn any() -> Self {
        Self {
            complement: true,
            values: BTreeSet::new(),
            lower: i64::MIN,
            upper: i64::MAX,
        }
    }

    /// Exactly one value.
    #[must_use]
    pub fn of(value: &str) -> Self {
        Self {
            complement: false,
            values: BTreeSet::from([value.into()]),
            ..Self::any()
        }
    }

    /// No value: the label is absent.
    #[must_use]
    pub fn absent() -> Self {
        Self {
            complement: false,
            ..Self::any()
        }
    }

    /// The set that a node pool's requirement describes.
    ///
    /// # Errors
    /// When the operator is none of Karpenter's, or a numeric one has no single integer as its value.
    pub fn new(operator: Operator, values: &[String]) -> Result<Self, FieldError> {
        let listed = || values.iter().map(|value| value.as_str().into()).collect();
        Ok(match operator {
            Operator::In => Self {
                complement: false,
                values: listed(),
                ..Self::any()
            },
            Operator::NotIn => Self {
                values: listed(),
                ..Self::any()
            },
            Operator::Exists => Self::any(),
            Operator::DoesNotExist => Self::absent(),
            Operator::Gt | Operator::Lt | Operator::Gte | Operator::Lte => {
                let [bound] = values else {
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

    /// The values that both sets hold.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let (lower, upper) = (self.lower.max(other.lower), self.upper.min(other.upper));
        if lower > upper {
            return Self::absent();
        }
        let complement = self.complement && other.complement;
        let values = if complement {
            // Like Karpenter: what the bounds leave out need not be left out once more.
            let bounds = Self {
                lower,
                upper,
                ..Self::any()
            };
            let values = self.values.union(&other.values);
            values
                .filter(|value| bounds.within(value))
                .cloned()
                .collect()
        } else {
            let finite = if self.complement { other } else { self };
            let values = finite.values.iter();
            values
                .filter(|value| self.contains(value) && other.contains(value))
                .cloned()
                .collect()
        };
        if complement {
            Self {
                complement,
                values,
                lower,
                upper,
            }
        } else {
            Self {
                complement,
                values,
                ..Self::any()
            }
        }
    }

    /// Whether the set holds the value.
    #[must_use]
    pub fn contains(&self, value: &str) -> bool {
        self.complement != self.values.contains(value) && self.within(value)
    }

    /// A label that has bounds holds integers alone.
    fn within(&self, value: &str) -> bool {
        let unbounded = self.lower == i64::MIN && self.upper == i64::MAX;
        unbounded || integer(value).is_some_and(|value| self.lower <= value && value <= self.upper)
    }

    /// Whether some node of the node pool meets all that a pod asks of this one label. `can_lack` is whether a node can be
    /// without the label at all.
    pub(super) fn meets(&self, asked: &Asked<'_>, can_lack: bool) -> bool {
        let absence_admitted = || can_lack && asked.admits(None);
        if !self.complement {
            // Karpenter: an absent label meets NotIn and DoesNotExist alone.
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
            // Karpenter: a pod's DoesNotExist meets a node pool's NotIn, never its Exists.
            return !self.values.is_empty() && absence_admitted();
        }
        // Like Karpenter, do not count the integers left between two bounds once NotIn has taken some.
        let (lower, upper) = asked.range();
        self.lower.max(lower) <= self.upper.min(upper)
    }

    /// The values, where they are finite; none where the label is absent.
    #[must_use]
    pub fn values(&self) -> Option<impl ExactSizeIterator<Item = &str>> {
        (!self.complement).then(|| self.values.iter().map(|value| &**value))
    }
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
