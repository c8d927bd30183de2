//! The policy that berth decides by. It is made from its file once, and every policy that is made is valid.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::danger::{Danger, danger};
use super::file::{Mode, Validation};
use super::pool::Pool;
use super::rule::{Architecture, Rule};
use crate::encoding::field::FieldError;
use crate::node::Catalogue;
use crate::pod::{NamespaceLabels, Pod};

/// A valid policy.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The mode of the whole policy. `Audit` overrides the mode of every rule.
    pub mode: Mode,
    pub(super) architectures: Vec<Arc<str>>,
    pub(super) default_architecture: Architecture,
    pub(super) pools: Vec<Arc<Pool>>,
    /// The pools of each node pool, in the policy's order.
    pub(super) by_node_pool: BTreeMap<Arc<str>, Vec<Arc<Pool>>>,
    pub(super) rules: Vec<Rule>,
    /// The action of each check.
    pub validation: Validation,
}

impl Policy {
    /// Returns the first rule that matches a pod, or `None` if none does. A rule that asks for labels of the namespace
    /// does not match if those labels are unknown (`None`).
    #[must_use]
    pub fn rule(&self, pod: &Pod<'_>, namespace: Option<&NamespaceLabels>) -> Option<&Rule> {
        self.rules
            .iter()
            .find(|rule| rule.applies_to(pod, namespace))
    }

    /// Returns the rules in the policy's order.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Returns the pool of that name.
    #[must_use]
    pub fn pool(&self, name: &str) -> Option<&Pool> {
        let mut pools = self.pools.iter().map(Arc::as_ref);
        pools.find(|pool| *pool.name == *name)
    }

    /// Returns the pools in the policy's order.
    #[must_use]
    pub fn pools(&self) -> &[Arc<Pool>] {
        &self.pools
    }

    /// Returns the pools that name this node pool, in the policy's order.
    #[must_use]
    pub fn pools_of(&self, node_pool: &str) -> &[Arc<Pool>] {
        self.by_node_pool.get(node_pool).map_or(&[], Vec::as_slice)
    }

    /// True if a pool is split, so that berth has to count pods.
    #[must_use]
    pub fn has_split(&self) -> bool {
        self.pools.iter().any(|pool| pool.on_demand.is_some())
    }

    /// Returns the known architectures, in order of preference.
    #[must_use]
    pub fn architectures(&self) -> &[Arc<str>] {
        &self.architectures
    }

    /// Returns the architecture for a pod if neither the pod, nor its namespace, nor its rule chooses one.
    #[must_use]
    pub fn default_architecture(&self) -> Architecture {
        self.default_architecture
    }

    /// Returns the choice that a text names: a known architecture, or `any`. `None` if it names neither.
    #[must_use]
    pub fn architecture(&self, name: &str) -> Option<Architecture> {
        choose(&self.architectures, name)
    }

    /// Returns the architectures that a choice allows.
    #[must_use]
    pub fn chosen(&self, choice: Architecture) -> &[Arc<str>] {
        match choice {
            Architecture::One(position) => &self.architectures[position..=position],
            Architecture::Any => &self.architectures,
        }
    }

    /// Returns the names of all node pools that the policy names, each once.
    #[must_use]
    pub fn node_pools(&self) -> BTreeSet<&Arc<str>> {
        let pools = self.pools.iter();
        pools.flat_map(|pool| pool.all_node_pools()).collect()
    }

    /// True if a rule looks at this label of a pod.
    #[must_use]
    pub fn reads_of_pod(&self, key: &str) -> bool {
        self.rules.iter().any(|rule| {
            let selector = rule.matches.labels.as_ref();
            rule.place.label() == Some(key) || selector.is_some_and(|labels| labels.names(key))
        })
    }

    /// True if a rule or a pool looks at this label of a namespace.
    #[must_use]
    pub fn reads_of_namespace(&self, key: &str) -> bool {
        let mut pools = self.pools.iter();
        let of_rules = self.rules.iter().any(|rule| {
            let selector = rule.matches.namespace_labels.as_ref();
            rule.place.namespace_label() == Some(key)
                || selector.is_some_and(|labels| labels.names(key))
        });
        of_rules
            || pools.any(|pool| {
                let selector = pool.namespaces.as_ref();
                selector.is_some_and(|labels| labels.names(key))
            })
    }

    /// Checks the policy against the node pools that it names.
    ///
    /// # Errors
    /// Returns the first of the [`Self::dangers`].
    pub fn check(&self, catalogue: &Catalogue) -> Result<(), FieldError> {
        let mut dangers = self.dangers(catalogue);
        dangers.next().map_or(Ok(()), |(_, error)| Err(error))
    }

    /// Returns what makes the policy dangerous over these node pools, one danger a pool at most. The path is that of the
    /// pool's field.
    pub fn dangers<'p>(
        &'p self,
        catalogue: &'p Catalogue,
    ) -> impl Iterator<Item = (Danger, FieldError)> + 'p {
        let pools = self.pools.iter().enumerate();
        pools.filter_map(|(index, pool)| {
            let (danger, error) = danger(pool, catalogue)?;
            let error = error.in_item(index).in_field("pools");
            Some((danger, error.in_field("spec")))
        })
    }
}

/// Returns the choice that a text names: one of the known architectures, or `any`.
pub(super) fn choose(known: &[Arc<str>], name: &str) -> Option<Architecture> {
    if name == "any" {
        return Some(Architecture::Any);
    }
    known
        .iter()
        .position(|architecture| &**architecture == name)
        .map(Architecture::One)
}
