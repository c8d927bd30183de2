//! The algebra of node requirements: what a pod asks of a node's labels, and whether a node pool can offer it.
//!
//! Two rules meet here. kube-scheduler matches a pod's requirements against the labels of one node; Karpenter
//! asks whether a node pool, whose requirements are *sets* of values, could make a node that matches. berth
//! sends a pod to a node pool only where both say yes.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;

/// The label that carries a node's architecture.
pub const ARCH: &str = "kubernetes.io/arch";
/// The label that carries a node's operating system.
pub const OS: &str = "kubernetes.io/os";
/// The label that carries the name of a node's node pool.
pub const NODE_POOL: &str = "karpenter.sh/nodepool";
/// The label that carries a node's own name.
pub const HOSTNAME: &str = "kubernetes.io/hostname";

/// Labels that every node has, whatever its node pool says, so that their absence can never be met.
const ALWAYS_PRESENT: [&str; 7] = [
    ARCH,
    OS,
    NODE_POOL,
    "karpenter.sh/capacity-type",
    "node.kubernetes.io/instance-type",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
];

/// The name under which Karpenter and kube-scheduler both know a label that has an older alias.
#[must_use]
pub fn canonical(key: &str) -> &str {
    match key {
        "beta.kubernetes.io/arch" => ARCH,
        "beta.kubernetes.io/os" => OS,
        "beta.kubernetes.io/instance-type" => "node.kubernetes.io/instance-type",
        "failure-domain.beta.kubernetes.io/region" => "topology.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone" => "topology.kubernetes.io/zone",
        other => other,
    }
}

/// Whether Karpenter knows the label from the instance types, so that a node pool need not mention it.
fn well_known(key: &str) -> bool {
    ALWAYS_PRESENT.contains(&key)
        || key == "node.kubernetes.io/windows-build"
        || key == "topology.k8s.aws/zone-id"
        || ["karpenter.k8s.aws/", "eks.amazonaws.com/"]
            .iter()
            .any(|domain| key.starts_with(domain))
}

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
pub struct Requirement<'r, 'a> {
    /// The label's canonical name.
    pub key: &'r str,
    /// How the label is compared.
    pub operator: Operator,
    /// The values it is compared with, sorted.
    pub values: &'r [Cow<'a, str>],
}

impl Requirement<'_, '_> {
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

    fn lists(&self, value: &str) -> bool {
        self.values
            .binary_search_by(|listed| listed.as_ref().cmp(value))
            .is_ok()
    }

    /// The inclusive range of a numeric operator; nothing where its value is no integer, or none can be met.
    fn bounds(&self) -> Option<(i64, i64)> {
        let [bound] = self.values else { return None };
        range(self.operator, integer(bound)?)
    }
}

/// The inclusive range of integers that a numeric operator and its bound allow.
fn range(operator: Operator, bound: i64) -> Option<(i64, i64)> {
    match operator {
        Operator::Gt => Some((bound.checked_add(1)?, i64::MAX)),
        Operator::Gte => Some((bound, i64::MAX)),
        Operator::Lt => Some((i64::MIN, bound.checked_sub(1)?)),
        Operator::Lte => Some((i64::MIN, bound)),
        _ => None,
    }
}

fn integer(text: &str) -> Option<i64> {
    text.parse().ok()
}

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
    pub fn new(operator: Operator, values: &[String]) -> Result<Self, String> {
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
                    return Err("a numeric operator takes exactly one value".to_owned());
                };
                let bound = integer(bound).ok_or_else(|| format!("{bound:?} is not an integer"))?;
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
                return Err(
                    "the operator is none of In, NotIn, Exists, DoesNotExist, Gt, Lt, Gte, Lte"
                        .to_owned(),
                );
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
            self.values.union(&other.values).cloned().collect()
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

    /// Whether some node of the node pool meets all of a pod's requirements on this one label.
    fn meets<'r, 'a: 'r>(&self, asked: impl Iterator<Item = Requirement<'r, 'a>> + Clone) -> bool {
        let admitted = |value: &str| {
            asked
                .clone()
                .all(|requirement| requirement.admits(Some(value)))
        };
        let absence_admitted = || asked.clone().all(|requirement| requirement.admits(None));
        if !self.complement {
            // Karpenter: an absent label meets NotIn and DoesNotExist alone.
            return if self.values.is_empty() {
                absence_admitted()
            } else {
                self.values.iter().any(|value| admitted(value))
            };
        }
        if let Some(finite) = asked
            .clone()
            .find(|requirement| requirement.operator == Operator::In)
        {
            return finite
                .values
                .iter()
                .any(|value| self.contains(value) && admitted(value));
        }
        if asked
            .clone()
            .any(|requirement| requirement.operator == Operator::DoesNotExist)
        {
            // Karpenter: a pod's DoesNotExist meets a node pool's NotIn, never its Exists.
            return !self.values.is_empty() && absence_admitted();
        }
        let (mut lower, mut upper) = (self.lower, self.upper);
        for requirement in asked {
            if matches!(
                requirement.operator,
                Operator::Gt | Operator::Lt | Operator::Gte | Operator::Lte
            ) {
                let Some((at_least, at_most)) = requirement.bounds() else {
                    return false;
                };
                (lower, upper) = (lower.max(at_least), upper.min(at_most));
            }
        }
        // Like Karpenter, do not count the integers left between two bounds once NotIn has taken some.
        lower <= upper
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

/// Whether a node pool that says `offered` of a label, or nothing, can meet a pod's requirements on that label.
///
/// A well-known label that the node pool does not mention comes from the instance type; a custom one that it does
/// not define is on none of its nodes ("does not have known values").
pub fn can_meet<'r, 'a: 'r>(
    offered: Option<&ValueSet>,
    key: &str,
    asked: impl Iterator<Item = Requirement<'r, 'a>> + Clone,
) -> bool {
    match offered {
        Some(offered) => offered.meets(asked),
        None if !well_known(key) => asked
            .into_iter()
            .all(|requirement| requirement.admits(None)),
        None => {
            ValueSet::any().meets(asked.clone())
                || (!ALWAYS_PRESENT.contains(&key)
                    && asked
                        .into_iter()
                        .all(|requirement| requirement.admits(None)))
        }
    }
}
