//! The algebra of node requirements: what a pod asks of a node's labels, and whether a node pool can offer it.
//!
//! Two rules meet here. kube-scheduler matches a pod's requirements against the labels of one node; Karpenter
//! asks whether a node pool, whose requirements are *sets* of values, could make a node that matches. berth
//! sends a pod to a node pool only where both say yes.

mod asked;
mod value_set;

use std::borrow::Cow;

use serde::Deserialize;

pub use asked::Asked;
pub use value_set::ValueSet;

/// The label that carries a node's architecture.
pub const ARCH: &str = "kubernetes.io/arch";
/// The label that carries a node's operating system.
pub const OS: &str = "kubernetes.io/os";
/// The label that carries the name of a node's node pool, where Karpenter makes the node.
pub const NODE_POOL: &str = "karpenter.sh/nodepool";
/// The label that carries a node's own name.
pub const HOSTNAME: &str = "kubernetes.io/hostname";
/// The label that says how a node is paid for.
pub const CAPACITY_TYPE: &str = "karpenter.sh/capacity-type";

/// Labels that every node has, whatever its node pool says, so that their absence can never be met.
const ALWAYS_PRESENT: [&str; 5] = [
    ARCH,
    OS,
    "node.kubernetes.io/instance-type",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
];

/// Whether every node has the label, whoever made it. The key is canonical.
#[must_use]
pub fn on_every_node(key: &str) -> bool {
    key == HOSTNAME || ALWAYS_PRESENT.contains(&key)
}

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

/// Beginnings of the labels that Karpenter's AWS provider and EKS Auto Mode know from the instance types. The domains hold
/// others, such as those of managed node groups, which no node pool can make.
const OF_INSTANCE_TYPES: [&str; 7] = [
    "karpenter.k8s.aws/instance-",
    "karpenter.k8s.aws/capacity-reservation-",
    "karpenter.k8s.aws/placement-group-",
    "eks.amazonaws.com/instance-",
    "eks.amazonaws.com/capacity-reservation-",
    "eks.amazonaws.com/compute-type",
    "eks.amazonaws.com/nodeclass",
];

/// Whether a node pool whose nodes carry its name as `node_label` makes no node without the label.
fn always_present(key: &str, node_label: &str) -> bool {
    key == node_label
        || ALWAYS_PRESENT.contains(&key)
        || (key == CAPACITY_TYPE && node_label == NODE_POOL)
}

/// Whether the label is known from the instance types, so that a node pool need not mention it. Nodes that Karpenter makes
/// have more such labels than others.
fn well_known(key: &str, node_label: &str) -> bool {
    always_present(key, node_label)
        || key == "node.kubernetes.io/windows-build"
        || key == "topology.k8s.aws/zone-id"
        || (node_label == NODE_POOL
            && OF_INSTANCE_TYPES
                .iter()
                .any(|beginning| key.starts_with(beginning)))
}

/// Whether Karpenter refuses a pod for naming the label at all, with whatever operator and in whichever of its terms
/// (R7.4). The key is canonical.
#[must_use]
pub fn is_restricted(key: &str) -> bool {
    let domain = key.split_once('/').map_or("", |(domain, _)| domain);
    let reserved = ["karpenter.sh", "karpenter.k8s.aws"].iter().any(|owner| {
        domain
            .strip_suffix(owner)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    key == HOSTNAME || (reserved && !well_known(key, NODE_POOL))
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

/// Whether a node pool that says `offered` of a label, or nothing, can meet a pod's requirements on that label. Its nodes
/// carry its name as `node_label`.
///
/// A well-known label that the node pool does not mention comes from the instance type; a custom one that it does
/// not define is on none of its nodes ("does not have known values").
pub(super) fn can_meet<'a>(
    offered: Option<&ValueSet>,
    node_label: &str,
    key: &str,
    asked: impl Iterator<Item = Requirement<'a>> + Clone,
) -> bool {
    let asked = Asked::new(asked);
    let can_lack = !always_present(key, node_label);
    match offered {
        Some(offered) => offered.meets(&asked, can_lack),
        None if !well_known(key, node_label) => asked.admits(None),
        None => ValueSet::any().meets(&asked, can_lack) || (can_lack && asked.admits(None)),
    }
}

/// Whether a pod's requirements on a label leave a node that the node pool made, going by nothing but what its requirements
/// say of that node: it may have got any other label since, and a pod can name nodes that are there.
pub fn may_allow<'a>(
    offered: Option<&ValueSet>,
    asked: impl Iterator<Item = Requirement<'a>> + Clone,
) -> bool {
    let asked = Asked::new(asked);
    offered.map_or_else(|| asked.can_be_met(), |offered| offered.meets(&asked, true))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::{
        Asked, NODE_POOL, Operator, Requirement, ValueSet, can_meet, is_restricted, may_allow,
    };

    fn set(operator: Operator, values: &[&str]) -> ValueSet {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        ValueSet::new(operator, &values).unwrap()
    }

    /// Whether one of Karpenter's node pools of this set meets a single requirement on the label.
    fn meets(offered: Option<&ValueSet>, key: &str, operator: Operator, values: &[&str]) -> bool {
        meets_by(NODE_POOL, offered, key, operator, values)
    }

    /// The same for a node pool whose nodes carry its name as another label.
    fn meets_by(
        node_label: &str,
        offered: Option<&ValueSet>,
        key: &str,
        operator: Operator,
        values: &[&str],
    ) -> bool {
        let values: Vec<Cow<'_, str>> = values.iter().copied().map(Cow::Borrowed).collect();
        let requirement = Requirement {
            key,
            operator,
            values: &values,
        };
        can_meet(offered, node_label, key, std::iter::once(requirement))
    }

    /// What the bounds leave out is not left out once more, so that nothing remains that could be absent.
    #[test]
    fn bounds_take_the_values_that_they_leave_out_away() {
        let left_out = set(Operator::NotIn, &["2", "x"]);
        let bounded = left_out.intersection(&set(Operator::Gt, &["4"]));
        assert_eq!(bounded, set(Operator::Gt, &["4"]));
        assert!(meets(Some(&left_out), "a", Operator::DoesNotExist, &[]));
        assert!(!meets(Some(&bounded), "a", Operator::DoesNotExist, &[]));
    }

    /// Every instance has these labels, whatever a node pool leaves out.
    #[test]
    fn what_every_node_has_is_never_absent() {
        let not_spot = set(Operator::NotIn, &["spot"]);
        let key = "karpenter.sh/capacity-type";
        assert!(!meets(Some(&not_spot), key, Operator::DoesNotExist, &[]));
        assert!(!meets(None, key, Operator::DoesNotExist, &[]));
        assert!(meets(Some(&not_spot), key, Operator::Exists, &[]));
    }

    /// What Karpenter puts on its nodes is on no other's, unless a node pool says so.
    #[test]
    fn karpenters_labels_are_on_karpenters_nodes() {
        use Operator::{DoesNotExist, Exists, NotIn};
        let other = "scheduling.cast.ai/node-template";
        for (key, karpenters) in [
            ("karpenter.sh/nodepool", true),
            ("karpenter.sh/capacity-type", true),
            ("karpenter.k8s.aws/instance-cpu", true),
            (other, false),
        ] {
            for (node_label, there) in [(NODE_POOL, karpenters), (other, !karpenters)] {
                let meets = |operator| meets_by(node_label, None, key, operator, &["a"]);
                assert_eq!(meets(Exists), there, "{key} by {node_label}");
                assert!(meets(NotIn), "{key} by {node_label}");
                let can_lack = !there || key.contains("instance-");
                assert_eq!(meets(DoesNotExist), can_lack, "{key} by {node_label}");
            }
        }
    }

    /// Karpenter makes no node with the label of a managed node group, but a node may get a label from elsewhere.
    #[test]
    fn a_domain_that_karpenter_knows_holds_labels_that_it_does_not() {
        for (key, known) in [
            ("eks.amazonaws.com/nodegroup", false),
            ("eks.amazonaws.com/instance-cpu", true),
            ("karpenter.k8s.aws/instance-cpu", true),
            ("karpenter.k8s.aws/ec2nodeclass", false),
        ] {
            assert_eq!(meets(None, key, Operator::Exists, &[]), known, "{key}");
            let exists = Requirement {
                key,
                operator: Operator::Exists,
                values: &[],
            };
            assert!(may_allow(None, std::iter::once(exists)), "{key}");
        }
    }

    #[test]
    fn karpenters_own_labels_are_restricted() {
        for key in [
            "kubernetes.io/hostname",
            "karpenter.sh/initialized",
            "node.karpenter.sh/x",
            "karpenter.k8s.aws/ec2nodeclass",
        ] {
            assert!(is_restricted(key), "{key}");
        }
        for key in [
            "karpenter.sh/nodepool",
            "karpenter.sh/capacity-type",
            "karpenter.k8s.aws/instance-cpu",
            "mykarpenter.sh/x",
            "eks.amazonaws.com/nodegroup",
            "hostname",
        ] {
            assert!(!is_restricted(key), "{key}");
        }
    }

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
