//! A node pool: what it can offer a pod, as one set of values for each label, and whether it could make a node for it.
//!
//! Two rules meet here. kube-scheduler matches a pod's requirements against the labels of one node; Karpenter
//! asks whether a node pool, whose requirements are *sets* of values, could make a node that matches. berth
//! sends a pod to a node pool only where both say yes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::asked::Asked;
use super::label::{
    ARCH, LONGEST_NAME, NODE_POOL, always_present, canonical, is_subdomain, valid_key, well_known,
};
use super::requirement::{Requirement, RequirementFile};
use super::taint::Taint;
use super::value_set::ValueSet;
use crate::encoding::field::FieldError;

/// What a node pool may be called: a DNS subdomain.
pub(crate) const NAME_PATTERN: &str =
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/// Whether the text is the name of a node pool: a DNS subdomain that is short enough for a label.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn valid_name(name: &str) -> Result<(), FieldError> {
    if is_subdomain(name) && name.len() <= LONGEST_NAME {
        Ok(())
    } else {
        Err(FieldError::new(format!(
            "{name:?} is not the name of a node pool"
        )))
    }
}

/// Labels that have another meaning for berth, besides those of Kubernetes' own domain.
const NOT_NODE_LABELS: [&str; 2] = ["type", "eks.amazonaws.com/compute-type"];

/// What [`valid_node_label`] checks besides the pattern of a key, as an expression of the API server.
pub(super) fn node_label_validations() -> serde_json::Value {
    serde_json::json!([{
        "rule": format!(
            "!self.matches('^([^/]*[.])?kubernetes[.]io/') && !(self in {NOT_NODE_LABELS:?})"
        ),
        "message": "a label of Kubernetes' own, or of a kind of compute, names no node pools",
    }])
}

/// Whether a label can carry the name of a node's node pool: one that says what a node is, and that berth and
/// Karpenter read as such, cannot.
fn valid_node_label(key: &str) -> Result<(), FieldError> {
    valid_key(key)?;
    let domain = key.split_once('/').map_or("", |(domain, _)| domain);
    let of_kubernetes = domain
        .strip_suffix("kubernetes.io")
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if of_kubernetes || NOT_NODE_LABELS.contains(&key) {
        return Err(FieldError::new(format!(
            "{key:?} is a label that names no node pools"
        )));
    }
    Ok(())
}

/// One node pool: the labels its nodes can have, and their taints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodePool {
    name: Arc<str>,
    node_label: String,
    requirements: BTreeMap<String, ValueSet>,
    taints: Vec<Taint>,
    external: bool,
}

impl NodePool {
    /// The node pool's name, which its nodes carry as [its label](Self::node_label).
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The key of the label by which its nodes carry its name, and by which pods select it.
    #[must_use]
    pub fn node_label(&self) -> &str {
        &self.node_label
    }

    /// Whether it is Karpenter that makes its nodes, or makes them look as if it did.
    #[must_use]
    pub fn is_karpenters(&self) -> bool {
        self.node_label == NODE_POOL
    }

    /// The taints of its nodes; never its startup taints, which are gone before a pod is bound.
    #[must_use]
    pub fn taints(&self) -> &[Taint] {
        &self.taints
    }

    /// The taints that keep pods away.
    pub fn hard_taints(&self) -> impl Iterator<Item = &Taint> + Clone {
        self.taints.iter().filter(|taint| taint.is_hard())
    }

    /// Whether it is known to no NodePool object, and so survives when live ones replace the static catalogue.
    #[must_use]
    pub fn external(&self) -> bool {
        self.external
    }

    /// What the node pool says of a label, if anything. The key is canonical.
    #[must_use]
    pub fn offered(&self, key: &str) -> Option<&ValueSet> {
        self.requirements.get(key)
    }

    /// Whether it can make a node that meets a pod's requirements on a label. The key is canonical.
    pub fn can_meet<'a>(
        &self,
        key: &str,
        asked: impl Iterator<Item = Requirement<'a>> + Clone,
    ) -> bool {
        can_meet(self.offered(key), &self.node_label, key, asked)
    }

    /// Whether it can make nodes of this architecture.
    #[must_use]
    pub fn offers(&self, architecture: &str) -> bool {
        self.offered(ARCH)
            .is_none_or(|offered| offered.contains(architecture))
    }

    /// Makes a node pool of its parts: labels and requirements are one set per key, its own name among them.
    ///
    /// # Errors
    /// When a requirement has an operator or a value that Karpenter would refuse.
    pub(super) fn new(
        name: &str,
        node_label: String,
        external: bool,
        labels: &BTreeMap<String, String>,
        requirements: &[RequirementFile],
        taints: Vec<Taint>,
    ) -> Result<Self, FieldError> {
        valid_name(name).map_err(|error| error.in_field("name"))?;
        valid_node_label(&node_label).map_err(|error| error.in_field("nodeLabel"))?;
        for (index, taint) in taints.iter().enumerate() {
            let valid = taint.check();
            valid.map_err(|error| error.in_item(index).in_field("taints"))?;
        }
        let mut sets = BTreeMap::from([(node_label.clone(), ValueSet::of(name))]);
        let mut narrow = |key: &str, set: ValueSet| {
            let known = sets
                .entry(canonical(key).to_owned())
                .or_insert_with(ValueSet::any);
            *known = known.intersection(&set);
        };
        for (key, value) in labels {
            narrow(key, ValueSet::of(value));
        }
        for (
            index,
            RequirementFile {
                key,
                operator,
                values,
            },
        ) in requirements.iter().enumerate()
        {
            let set = ValueSet::new(*operator, values).map_err(|error| {
                let error = FieldError::new(format!("{key}: {}", error.message));
                error.in_item(index).in_field("requirements")
            })?;
            narrow(key, set);
        }
        Ok(Self {
            name: name.into(),
            node_label,
            requirements: sets,
            taints,
            external,
        })
    }
}

/// Whether a node pool that says `offered` of a label, or nothing, can meet a pod's requirements on that label. Its nodes
/// carry its name as `node_label`.
///
/// A well-known label that the node pool does not mention comes from the instance type; a custom one that it does
/// not define is on none of its nodes ("does not have known values").
fn can_meet<'a>(
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

    use super::{NODE_POOL, Requirement, ValueSet, can_meet, may_allow};
    use crate::node::requirement::Operator;

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
}
