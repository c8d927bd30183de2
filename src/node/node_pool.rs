//! A node pool: the taints of its nodes, and a set of possible values for each of their labels.
//!
//! Two rules meet here. kube-scheduler matches a pod's requirements against the labels of one node that exists.
//! Karpenter asks if a node pool, whose requirements are *sets* of values, could make a node that matches. berth sends
//! a pod to a node pool only if both say yes. [`NodePool::can_meet`] and [`NodePool::offers`] ask for a node that the
//! node pool is still to make (Karpenter's rule). [`may_allow`] asks for a node that it made before (kube-scheduler's
//! rule).

use std::collections::BTreeMap;
use std::sync::Arc;

use smol_str::SmolStr;

use super::instances::{Candidates, Demands, Instances};
use super::naming::{valid_node_label, valid_node_pool_name};
use super::requirements::{keep_architectures, least_values, value_sets};
use super::state::State;
use super::taint::Taint;
use crate::encoding::field::FieldError;
use crate::instance::TypeSet;
use crate::label::{
    ARCH, Asked, CAPACITY_TYPE, COMPUTE_TYPE, HOSTNAME, NODE_POOL, Operator, Platform, Requirement,
    RequirementFile, ValueSet, canonical,
};

/// A node pool: the labels that its nodes can have, and their taints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodePool {
    name: Arc<str>,
    node_label: SmolStr,
    platform: Platform,
    state: State,
    requirements: BTreeMap<SmolStr, ValueSet>,
    /// The instance types that meet the requirements. `None` if its nodes are not EC2's, as far as berth knows.
    instances: Option<Instances>,
    taints: Vec<Taint>,
    external: bool,
}

/// The parts of a node pool, as either of its written forms has them.
pub(super) struct Parts<'f> {
    pub(super) name: &'f str,
    pub(super) node_label: SmolStr,
    pub(super) platform: Platform,
    pub(super) external: bool,
    pub(super) labels: BTreeMap<SmolStr, SmolStr>,
    pub(super) requirements: Vec<RequirementFile>,
    pub(super) taints: Vec<Taint>,
}

impl NodePool {
    /// Returns the node pool's name. Its nodes carry the name as the value of [`Self::node_label`].
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Returns the key of the label by which its nodes carry its name, and by which pods select it.
    #[must_use]
    pub fn node_label(&self) -> &str {
        &self.node_label
    }

    /// Returns the platform that makes its nodes.
    #[must_use]
    pub fn platform(&self) -> Platform {
        self.platform
    }

    /// Returns its state, which says if Karpenter makes nodes of it now.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// Returns the taints of its nodes. Startup taints are not among them: they are gone before a pod is bound.
    #[must_use]
    pub fn taints(&self) -> &[Taint] {
        &self.taints
    }

    /// Returns the taints that keep pods off its nodes.
    pub fn hard_taints(&self) -> impl Iterator<Item = &Taint> + Clone {
        self.taints.iter().filter(|taint| taint.is_hard())
    }

    /// True if no NodePool object describes it, so that it stays when those of the cluster replace the static
    /// catalogue.
    #[must_use]
    pub fn is_external(&self) -> bool {
        self.external
    }

    /// Returns the values that the node pool offers for a label, or `None` if it does not mention the label. The key is
    /// canonical.
    #[must_use]
    pub fn offered(&self, key: &str) -> Option<&ValueSet> {
        self.requirements.get(key)
    }

    /// Returns the labels that its author made up and that all of its nodes have, each with its value.
    pub fn custom_labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.requirements.iter().filter_map(|(key, set)| {
            let is_custom =
                *key != self.node_label && !self.platform.knows(key) && !self.platform.refuses(key);
            let mut values = set.values().filter(|_| is_custom)?;
            let only = values.next()?;
            values.next().is_none().then_some((key.as_str(), only))
        })
    }

    /// True if it can make a node that meets a pod's requirements on a label, by Karpenter's rule. The key is
    /// canonical.
    pub fn can_meet<'a>(
        &self,
        key: &str,
        asked: impl Iterator<Item = Requirement<'a>> + Clone,
    ) -> bool {
        can_meet(
            self.offered(key),
            self.platform,
            &self.node_label,
            key,
            asked,
        )
    }

    /// True if it can make a node that meets a preference on a label, together with the pod's requirements on it. Of a
    /// preference, Karpenter asks as it asks of a requirement, but that it may name the node class. The key is canonical.
    pub fn can_meet_preference<'a>(
        &self,
        key: &str,
        asked: impl Iterator<Item = Requirement<'a>> + Clone,
    ) -> bool {
        self.platform.names_node_class(key) || self.can_meet(key, asked)
    }

    /// Returns the instance types that meet the node pool's requirements and the demands together, and that have the
    /// architecture if one is given.
    #[must_use]
    pub fn candidates(&self, architecture: Option<&str>, demands: &Demands<'_>) -> Candidates {
        let instances = self.instances.as_ref();
        instances.map_or(Candidates::Unlisted, |instances| {
            instances.candidates(&self.requirements, architecture, demands)
        })
    }

    /// True if the types have as many different values of each label as the node pool demands (`minValues`).
    #[must_use]
    pub fn are_various(&self, types: TypeSet) -> bool {
        let instances = self.instances.as_ref();
        instances.is_none_or(|instances| instances.are_various(types))
    }

    /// True if some of its nodes have a value of the label that Karpenter knows before it makes them. Over a label
    /// without such a value it spreads no pods. The key is as its author wrote it: of a topology, Karpenter knows no
    /// alias.
    #[must_use]
    pub fn has_domain(&self, key: &str) -> bool {
        let listed = || {
            let values = self.offered(key)?.values()?;
            Some(values.len() > 0)
        };
        key == HOSTNAME
            || (key != NODE_POOL
                && canonical(key) == key
                && listed().unwrap_or_else(|| self.platform.knows(key)))
    }

    /// True if its nodes have the label, as a hard topology over the label demands. The key is canonical.
    #[must_use]
    pub fn has_label(&self, key: &str) -> bool {
        let exists = Requirement {
            key,
            operator: Operator::Exists,
            values: &[],
        };
        key == HOSTNAME || self.can_meet(key, std::iter::once(exists))
    }

    /// True if it can make nodes of this architecture, by Karpenter's rule: one that does not mention the label makes
    /// nodes of every architecture.
    #[must_use]
    pub fn offers(&self, architecture: &str) -> bool {
        self.may_have(ARCH, architecture)
    }

    /// True if its nodes may have the capacity type: `spot`, `on-demand` or `reserved`. Only one that mentions reservations
    /// offers them. CAST AI has a label of its own for spot.
    #[must_use]
    pub fn offers_capacity(&self, capacity: &str) -> bool {
        match self.offered(CAPACITY_TYPE) {
            Some(offered) => offered.contains(capacity),
            None => match self.offered("scheduling.cast.ai/spot") {
                Some(spot) => {
                    (capacity == "spot") == spot.contains("true") && capacity != "reserved"
                }
                None => self.platform.is_karpenter() && capacity != "reserved",
            },
        }
    }

    /// True if its nodes can have this value of a label that all of them have. A node pool that does not mention the label
    /// leaves it open. The key is canonical.
    #[must_use]
    pub fn may_have(&self, key: &str, value: &str) -> bool {
        self.offered(key)
            .is_none_or(|offered| offered.contains(value))
    }

    /// Makes a node pool from its parts.
    ///
    /// # Errors
    /// If the name, the label, a requirement or a taint is one that Kubernetes or Karpenter would refuse.
    pub(super) fn new(parts: Parts<'_>) -> Result<Self, FieldError> {
        let Parts {
            name,
            node_label,
            platform,
            external,
            labels,
            requirements,
            taints,
        } = parts;
        valid_node_pool_name(name).map_err(|error| error.in_field("name"))?;
        valid_node_label(&node_label).map_err(|error| error.in_field("nodeLabel"))?;
        for (index, taint) in taints.iter().enumerate() {
            let valid = taint.check();
            valid.map_err(|error| error.in_item(index).in_field("taints"))?;
        }
        let least = least_values(&requirements)?;
        let mut requirements = value_sets(&node_label, name, labels, requirements)?;
        if platform == Platform::AutoMode {
            requirements.insert(SmolStr::new_static(COMPUTE_TYPE), ValueSet::of("auto"));
        }
        let least = least.iter().map(|(key, number)| (&**key, *number));
        let instances = Instances::new(platform, &requirements, least);
        // Requirements that contradict one another leave no value of a label that every node has.
        let contradict = requirements.iter().any(|(key, set)| {
            let values = set.values();
            values.is_some_and(|values| values.len() == 0) && platform.always_present(key)
        });
        let is_empty = contradict || instances.as_ref().is_some_and(Instances::is_empty);
        if let Some(instances) = instances.as_ref().filter(|_| !is_empty) {
            keep_architectures(&mut requirements, instances);
        }
        Ok(Self {
            name: name.into(),
            node_label,
            platform,
            state: if is_empty { State::Empty } else { State::Ready },
            requirements,
            instances,
            taints,
            external,
        })
    }

    /// Returns the node pool with the state that its NodePool object reports.
    pub(super) fn in_state(self, state: State) -> Self {
        Self { state, ..self }
    }

    /// Returns the instance types that it makes; `None` if berth does not know them all.
    #[must_use]
    pub fn instance_types(&self) -> Option<TypeSet> {
        self.instances.as_ref()?.listed()
    }
}

/// True if a node pool can make a node that meets a pod's requirements on a label, by Karpenter's rule. `offered` are
/// the values that the node pool offers for the label, and `None` if it does not mention the label. Its nodes carry its
/// name as `node_label`.
///
/// If the node pool does not mention a well-known label, the instance type decides its value. If it does not mention a
/// custom label, none of its nodes has it (Karpenter says "does not have known values").
fn can_meet<'a>(
    offered: Option<&ValueSet>,
    platform: Platform,
    node_label: &str,
    key: &str,
    asked: impl Iterator<Item = Requirement<'a>> + Clone,
) -> bool {
    let asked = Asked::new(asked);
    let can_lack = key != node_label && !platform.always_present(key);
    match offered {
        Some(offered) => offered.meets(&asked, can_lack),
        None if key != node_label && !platform.knows(key) => asked.admits(None),
        None => ValueSet::any().meets(&asked, can_lack) || (can_lack && asked.admits(None)),
    }
}

/// True if a node that a node pool made before may meet a pod's requirements on a label, by kube-scheduler's rule.
/// `offered` are the values that the node pool offers for the label. If it does not mention the label (`None`), the
/// node may have got it since, with any value.
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

    use super::{Operator, Platform, Requirement, ValueSet, can_meet, may_allow};

    const CAST_AI: &str = "scheduling.cast.ai/node-template";

    fn set(operator: Operator, values: &[&str]) -> ValueSet {
        let values = values.iter().copied().map(Into::into).collect();
        ValueSet::new(operator, values).unwrap()
    }

    /// Asks [`can_meet`] for a node pool of Karpenter's and a single requirement.
    fn meets(offered: Option<&ValueSet>, key: &str, operator: Operator, values: &[&str]) -> bool {
        meets_by(Platform::Karpenter, offered, key, operator, values)
    }

    /// Asks [`can_meet`] for a node pool of a platform and a single requirement.
    fn meets_by(
        platform: Platform,
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
        let node_label = if platform.is_karpenter() {
            "karpenter.sh/nodepool"
        } else {
            CAST_AI
        };
        can_meet(
            offered,
            platform,
            node_label,
            key,
            std::iter::once(requirement),
        )
    }

    /// Karpenter drops an excluded value that the bounds exclude too. The set is then no longer a NotIn, which a pod's
    /// DoesNotExist could meet.
    #[test]
    fn bounds_drop_the_excluded_values_outside_them() {
        let left_out = set(Operator::NotIn, &["2", "x"]);
        let bounded = left_out.intersection(&set(Operator::Gt, &["4"]));
        assert_eq!(bounded, set(Operator::Gt, &["4"]));
        assert!(meets(Some(&left_out), "a", Operator::DoesNotExist, &[]));
        assert!(!meets(Some(&bounded), "a", Operator::DoesNotExist, &[]));
    }

    /// Every instance has these labels, even if its node pool does not mention them.
    #[test]
    fn labels_of_every_node_are_never_absent() {
        let not_spot = set(Operator::NotIn, &["spot"]);
        let key = "karpenter.sh/capacity-type";
        assert!(!meets(Some(&not_spot), key, Operator::DoesNotExist, &[]));
        assert!(!meets(None, key, Operator::DoesNotExist, &[]));
        assert!(meets(Some(&not_spot), key, Operator::Exists, &[]));
    }

    /// Only Karpenter's own nodes have Karpenter's labels, unless a node pool offers one.
    #[test]
    fn karpenters_labels_are_on_karpenters_nodes() {
        use Operator::{DoesNotExist, Exists, NotIn};
        for (key, karpenters) in [
            ("karpenter.sh/nodepool", true),
            ("karpenter.sh/capacity-type", true),
            ("karpenter.k8s.aws/instance-cpu", true),
            (CAST_AI, false),
        ] {
            for (platform, there) in [
                (Platform::Karpenter, karpenters),
                (Platform::Listed, !karpenters),
            ] {
                let meets = |operator| meets_by(platform, None, key, operator, &["a"]);
                assert_eq!(meets(Exists), there, "{key} by {platform:?}");
                assert!(meets(NotIn), "{key} by {platform:?}");
                let can_lack = !there || key.contains("instance-");
                assert_eq!(meets(DoesNotExist), can_lack, "{key} by {platform:?}");
            }
        }
    }

    /// Karpenter makes no node with the label of a managed node group, but a node may get such a label later.
    #[test]
    fn a_domain_that_karpenter_knows_holds_labels_that_it_does_not() {
        for (key, known) in [
            ("eks.amazonaws.com/nodegroup", false),
            ("eks.amazonaws.com/instance-cpu", false),
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
