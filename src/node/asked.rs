//! All that a pod asks of one label: its requirements, put together once.

use std::fmt;

use super::requirement::{Operator, Requirement, integer};

/// What a pod asks of one label.
#[derive(Debug, Clone)]
pub enum Asked<'a> {
    /// One requirement, which is what nearly every pod asks, as it is.
    One(Requirement<'a>),
    /// Any other number of them.
    Joint(Joint<'a>),
}

/// Several requirements as one: in as many steps as they have values, however they are mixed.
#[derive(Debug, Clone)]
pub struct Joint<'a> {
    absent: bool,
    present: bool,
    /// The values that pass all requirements, sorted; nothing where none lists any.
    listed: Option<Vec<&'a str>>,
    /// The values that some requirement excludes, sorted.
    excluded: Vec<&'a str>,
    /// The inclusive bounds of the numeric requirements, where there are any.
    range: Option<(i64, i64)>,
}

impl<'a> Asked<'a> {
    /// Puts the requirements on one label together.
    pub fn new(requirements: impl Iterator<Item = Requirement<'a>> + Clone) -> Self {
        let mut first = requirements.clone();
        match (first.next(), first.next()) {
            (Some(only), None) => Self::One(only),
            _ => Self::Joint(Joint::new(requirements)),
        }
    }

    /// Whether a node that has the label with this value, or lacks it, matches: kube-scheduler's rule.
    #[must_use]
    pub fn admits(&self, value: Option<&str>) -> bool {
        match (self, value) {
            (Self::One(requirement), value) => requirement.admits(value),
            (Self::Joint(joint), None) => joint.absent,
            (Self::Joint(joint), Some(value)) => joint.admits(value),
        }
    }

    /// Whether one of the values that are listed, and that nothing else excludes, passes the test; nothing where none are
    /// listed.
    pub(super) fn lists(&self, test: impl Fn(&str) -> bool) -> Option<bool> {
        match self {
            Self::One(requirement) => (requirement.operator == Operator::In)
                .then(|| requirement.values.iter().any(|value| test(value))),
            Self::Joint(joint) => {
                let listed = joint.listed.as_ref()?;
                Some(listed.iter().any(|value| test(value)))
            }
        }
    }

    /// Whether no value will do.
    pub(super) fn demands_absence(&self) -> bool {
        match self {
            Self::One(requirement) => requirement.operator == Operator::DoesNotExist,
            Self::Joint(joint) => !joint.present,
        }
    }

    /// Whether no value will do, or none is left of those that are listed: Karpenter tells the two apart no more.
    #[must_use]
    pub fn excludes_every_value(&self) -> bool {
        self.demands_absence() || self.lists(|_| true) == Some(false)
    }

    /// The inclusive bounds of the label's value; the lower one above the upper one where no value is within them.
    pub(super) fn range(&self) -> (i64, i64) {
        let range = match self {
            Self::One(requirement) => bounds(requirement),
            Self::Joint(joint) => joint.range,
        };
        range.unwrap_or((i64::MIN, i64::MAX))
    }

    /// Whether any node at all can match, with some value of the label or without it.
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

/// The bounds of a numeric requirement; nothing within them where its value is no integer.
fn bounds(requirement: &Requirement<'_>) -> Option<(i64, i64)> {
    let numeric = matches!(
        requirement.operator,
        Operator::Gt | Operator::Lt | Operator::Gte | Operator::Lte
    );
    numeric.then(|| requirement.bounds().unwrap_or((i64::MAX, i64::MIN)))
}

/// Whether the inclusive range holds an integer that a label can have, and that is not one of these. A label's value
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
        // The shortest list first: each of the others is then at least as long as what is looked up in it.
        let shortest = lists
            .clone()
            .min_by_key(|requirement| requirement.values.len());
        let mut listed: Option<Vec<&str>> =
            shortest.map(|shortest| shortest.values.iter().map(AsRef::as_ref).collect());
        for requirement in requirements {
            match requirement.operator {
                Operator::In => {
                    joint.absent = false;
                    if let Some(listed) = &mut listed {
                        listed.retain(|value| requirement.lists(value));
                    }
                }
                Operator::NotIn => {
                    let values = requirement.values.iter().map(AsRef::as_ref);
                    joint.excluded.extend(values);
                }
                Operator::Exists => joint.absent = false,
                Operator::DoesNotExist => joint.present = false,
                Operator::Gt | Operator::Lt | Operator::Gte | Operator::Lte => {
                    joint.absent = false;
                    let (lower, upper) = joint.range.unwrap_or((i64::MIN, i64::MAX));
                    let (at_least, at_most) = bounds(&requirement).unwrap_or((lower, upper));
                    joint.range = Some((lower.max(at_least), upper.min(at_most)));
                }
                Operator::Unknown => {}
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

/// The requirement in a few words.
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
        match (self.operator, values.as_slice()) {
            (Operator::Gt | Operator::Lt | Operator::Gte | Operator::Lte, [bound]) => {
                write!(f, "{bound:.63}")
            }
            _ => write_list(f, &values),
        }
    }
}

/// How many values of a list are shown.
const SHOWN: usize = 4;

/// The values that are asked for, in the words of a sentence.
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
        // A label value has 63 characters at most; what is longer is none.
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
        /// Requirements put together admit what each of them admits.
        #[test]
        fn together_is_each(requirements in proptest::collection::vec(requirement(), 0..5)) {
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
        }
    }
}
