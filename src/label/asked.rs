//! All requirements of a pod on one label, combined once.

use std::fmt;

use super::requirement::{Operator, Requirement, integer};

/// All requirements of a pod on one label.
#[derive(Debug, Clone)]
pub enum Asked<'a> {
    /// A single requirement, uncombined. Nearly every pod has just one on a label.
    One(Requirement<'a>),
    /// No requirement, or several.
    Joint(Joint<'a>),
}

/// Several requirements combined into one. Combining them takes about as many steps as they have values, in any
/// mixture.
#[derive(Debug, Clone)]
pub struct Joint<'a> {
    /// True if a node without the label meets all requirements.
    absent: bool,
    /// False if a requirement demands that the label be absent.
    present: bool,
    /// The values that pass all requirements, sorted. `None` if no requirement lists values by `In`.
    listed: Option<Vec<&'a str>>,
    /// The values that the requirements exclude by `NotIn`, sorted.
    excluded: Vec<&'a str>,
    /// The inclusive bounds of the numeric requirements. `None` if no requirement is numeric.
    range: Option<(i64, i64)>,
}

impl<'a> Asked<'a> {
    /// Combines the requirements, which are all on one label.
    pub fn new(requirements: impl Iterator<Item = Requirement<'a>> + Clone) -> Self {
        let mut first = requirements.clone();
        match (first.next(), first.next()) {
            (Some(only), None) => Self::One(only),
            _ => Self::Joint(Joint::new(requirements)),
        }
    }

    /// True if kube-scheduler accepts a node whose label has this value, or that lacks the label (`None`).
    #[must_use]
    pub fn admits(&self, value: Option<&str>) -> bool {
        match (self, value) {
            (Self::One(requirement), value) => requirement.admits(value),
            (Self::Joint(joint), None) => joint.absent,
            (Self::Joint(joint), Some(value)) => joint.admits(value),
        }
    }

    /// True if a value that the requirements list, and that none of them excludes, passes the test. `None` if no
    /// requirement lists values.
    pub(crate) fn lists(&self, mut test: impl FnMut(&str) -> bool) -> Option<bool> {
        match self {
            Self::One(requirement) if requirement.operator == Operator::In => {
                Some(requirement.values.iter().any(|value| test(value)))
            }
            Self::One(_) => None,
            Self::Joint(joint) => {
                let listed = joint.listed.as_ref()?;
                Some(listed.iter().any(|value| test(value)))
            }
        }
    }

    /// True if the requirements do nothing but exclude values, each of which `each` gets.
    pub(crate) fn excludes_alone(&self, mut each: impl FnMut(&str)) -> bool {
        match self {
            Self::One(requirement) if requirement.operator == Operator::NotIn => {
                requirement.values.iter().for_each(|value| each(value));
                true
            }
            Self::One(_) => false,
            Self::Joint(joint) => {
                joint.excluded.iter().for_each(|value| each(value));
                joint.present && joint.listed.is_none() && joint.range.is_none()
            }
        }
    }

    /// Returns the inclusive bounds of the label's value if the requirements do nothing but compare integers.
    pub(crate) fn compares_alone(&self) -> Option<(i64, i64)> {
        match self {
            Self::One(requirement) => bounds(requirement),
            Self::Joint(joint) => {
                let others = joint.listed.is_some() || !joint.excluded.is_empty();
                joint.range.filter(|_| joint.present && !others)
            }
        }
    }

    /// True if a requirement demands that the label be absent.
    pub(crate) fn demands_absence(&self) -> bool {
        match self {
            Self::One(requirement) => requirement.operator == Operator::DoesNotExist,
            Self::Joint(joint) => !joint.present,
        }
    }

    /// True if no value is acceptable. Karpenter treats `DoesNotExist` and an emptied `In` alike.
    #[must_use]
    pub fn excludes_every_value(&self) -> bool {
        self.demands_absence() || self.lists(|_| true) == Some(false)
    }

    /// Returns the inclusive bounds of the label's value. The lower bound exceeds the upper one if no value is within
    /// them.
    pub(crate) fn range(&self) -> (i64, i64) {
        let range = match self {
            Self::One(requirement) => bounds(requirement),
            Self::Joint(joint) => joint.range,
        };
        range.unwrap_or((i64::MIN, i64::MAX))
    }

    /// True if some node can meet the requirements by kube-scheduler's rule, with the label or without it.
    #[must_use]
    pub fn can_be_met(&self) -> bool {
        match self {
            Self::One(requirement) => match requirement.operator {
                Operator::In => !requirement.values.is_empty(),
                Operator::Gt | Operator::Lt | Operator::Gte | Operator::Lte => {
                    bounds(requirement).is_some_and(|range| holds_more_than(range, &[]))
                }
                Operator::NotIn | Operator::Exists | Operator::DoesNotExist | Operator::Unknown => {
                    true
                }
            },
            Self::Joint(joint) => joint.can_be_met(),
        }
    }
}

/// Returns the inclusive bounds of a numeric requirement, or `None` if its operator is not numeric. They admit nothing
/// if the requirement's value is not an integer.
fn bounds(requirement: &Requirement<'_>) -> Option<(i64, i64)> {
    if !requirement.operator.is_numeric() {
        return None;
    }
    Some(requirement.bounds().unwrap_or((i64::MAX, i64::MIN)))
}

/// True if the inclusive range holds an integer that a label's value can be and that is not excluded. A label's value
/// cannot begin with a sign.
fn holds_more_than((lower, upper): (i64, i64), excluded: &[&str]) -> bool {
    let lower = lower.max(0);
    let taken = excluded.iter().filter(|value| {
        integer(value).is_some_and(|number| {
            lower <= number && number <= upper && number.to_string() == **value
        })
    });
    i128::from(upper) - i128::from(lower) + 1 > taken.count() as i128
}

impl<'a> Joint<'a> {
    fn new(requirements: impl Iterator<Item = Requirement<'a>> + Clone) -> Self {
        let mut joint = Self {
            absent: true,
            present: true,
            listed: None,
            excluded: Vec::new(),
            range: None,
        };
        let lists = requirements
            .clone()
            .filter(|requirement| requirement.operator == Operator::In);
        // Starting from the shortest list bounds the look-ups: every other list is at least as long.
        let shortest = lists
            .clone()
            .min_by_key(|requirement| requirement.values.len());
        let mut listed: Option<Vec<&str>> =
            shortest.map(|shortest| shortest.values.iter().map(AsRef::as_ref).collect());
        for requirement in requirements {
            joint.narrow(&requirement);
            if let (Operator::In, Some(listed)) = (requirement.operator, &mut listed) {
                listed.retain(|value| requirement.lists(value));
            }
        }
        joint.excluded.sort_unstable();
        joint.excluded.dedup();
        let passing = listed.map(|listed| {
            let values = listed.into_iter();
            values.filter(|value| joint.admits(value)).collect()
        });
        joint.listed = passing;
        joint
    }

    /// Adds a requirement. The caller still narrows `listed` to the values of an `In`, and sorts `excluded`.
    fn narrow(&mut self, requirement: &Requirement<'a>) {
        match requirement.operator {
            Operator::In | Operator::Exists => self.absent = false,
            Operator::NotIn => {
                let values = requirement.values.iter().map(AsRef::as_ref);
                self.excluded.extend(values);
            }
            Operator::DoesNotExist => self.present = false,
            Operator::Gt | Operator::Lt | Operator::Gte | Operator::Lte => {
                self.absent = false;
                let (lower, upper) = self.range.unwrap_or((i64::MIN, i64::MAX));
                let (at_least, at_most) = bounds(requirement).unwrap_or((lower, upper));
                self.range = Some((lower.max(at_least), upper.min(at_most)));
            }
            Operator::Unknown => {}
        }
    }

    fn admits(&self, value: &str) -> bool {
        let within = |(lower, upper)| {
            integer(value).is_some_and(|number| lower <= number && number <= upper)
        };
        self.present
            && self.range.is_none_or(within)
            && self.excluded.binary_search(&value).is_err()
            && self
                .listed
                .as_ref()
                .is_none_or(|listed| listed.binary_search(&value).is_ok())
    }

    fn can_be_met(&self) -> bool {
        let some_value = match (&self.listed, self.range) {
            (Some(listed), _) => !listed.is_empty(),
            (None, Some(range)) => holds_more_than(range, &self.excluded),
            (None, None) => true,
        };
        self.absent || (self.present && some_value)
    }
}

/// Writes the requirement as a phrase, such as `not in [a, b]`.
impl fmt::Display for Requirement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<&str> = self.values.iter().map(AsRef::as_ref).collect();
        match self.operator {
            Operator::In => f.write_str("in ")?,
            Operator::NotIn => f.write_str("not in ")?,
            Operator::Exists => return f.write_str("present"),
            Operator::DoesNotExist => return f.write_str("absent"),
            Operator::Gt => f.write_str("greater than ")?,
            Operator::Lt => f.write_str("less than ")?,
            Operator::Gte => f.write_str("at least ")?,
            Operator::Lte => f.write_str("at most ")?,
            Operator::Unknown => f.write_str("unknown ")?,
        }
        match values.as_slice() {
            [bound] if self.operator.is_numeric() => write!(f, "{bound:.63}"),
            values => write_list(f, values),
        }
    }
}

/// The most values of a list that a message shows.
const SHOWN: usize = 4;

/// Writes the acceptable values as part of a sentence, such as `any value` or `4 or more`.
impl fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one;
        let joint = match self {
            Self::One(requirement) => {
                one = Joint::new(std::iter::once(*requirement));
                &one
            }
            Self::Joint(joint) => joint,
        };
        let Joint {
            absent,
            present,
            listed,
            excluded,
            range,
        } = joint;
        match (listed, range) {
            _ if !present => f.write_str(if *absent { "no such label" } else { "nothing" }),
            (Some(listed), _) if listed.is_empty() => f.write_str("nothing"),
            (Some(listed), _) => write_list(f, listed),
            (None, Some((lower, upper))) if lower > upper => f.write_str("nothing"),
            (None, Some((lower, i64::MAX))) => write!(f, "{lower} or more"),
            (None, Some((i64::MIN, upper))) => write!(f, "{upper} or less"),
            (None, Some((lower, upper))) => write!(f, "{lower} to {upper}"),
            (None, None) if excluded.is_empty() => f.write_str("any value"),
            (None, None) => {
                f.write_str("none of ")?;
                write_list(f, excluded)
            }
        }
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, values: &[&str]) -> fmt::Result {
    let shown = values.len().min(SHOWN);
    f.write_str("[")?;
    for (index, value) in values[..shown].iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        // A label's value has at most 63 characters. A longer text is cut, since it can be no value.
        write!(f, "{value:.63}")?;
    }
    if shown < values.len() {
        write!(f, " and {} more", values.len() - shown)?;
    }
    f.write_str("]")
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::{Asked, Operator, Requirement};

    fn requirement() -> impl Strategy<Value = (Operator, Vec<&'static str>)> {
        use Operator::{DoesNotExist, Exists, Gt, Gte, In, Lt, Lte, NotIn, Unknown};
        let operators = vec![In, NotIn, Exists, DoesNotExist, Gt, Lt, Gte, Lte, Unknown];
        let values = proptest::sample::subsequence(vec!["1", "2", "3", "4", "x"], 0..=3);
        (proptest::sample::select(operators), values)
    }

    proptest! {
        /// Combined requirements admit a value if each of them does.
        #[test]
        fn combined_requirements_are_all_of_them(requirements in proptest::collection::vec(requirement(), 0..5)) {
            let values: Vec<Vec<Cow<'_, str>>> = requirements
                .iter()
                .map(|(_, values)| values.iter().copied().map(Cow::Borrowed).collect())
                .collect();
            let requirements = requirements.iter().zip(&values).map(|((operator, _), values)| Requirement {
                key: "a",
                operator: *operator,
                values,
            });
            let asked = Asked::new(requirements.clone());
            let tried = [None, Some("0"), Some("1"), Some("2"), Some("3"), Some("4"), Some("5"), Some("x"), Some("y")];
            let each = |value| requirements.clone().all(|requirement| requirement.admits(value));
            for value in tried {
                prop_assert_eq!(asked.admits(value), each(value), "{:?} of {:?}", value, asked);
            }
            prop_assert_eq!(asked.can_be_met(), tried.into_iter().any(each), "{:?}", asked);
            if let Some((lower, upper)) = asked.compares_alone() {
                for value in tried {
                    let number = value.and_then(super::integer);
                    let is_within = number.is_some_and(|number| lower <= number && number <= upper);
                    prop_assert_eq!(is_within, each(value), "{:?} of {:?}", value, asked);
                }
            }
        }
    }
}
