//! The policy that decides: made from its file once, and not wrong afterwards.

use std::sync::Arc;

use super::file::{Binding, Mode, ValidationFile};
use super::pool::Pool;
use super::rule::{Architecture, Rule};
use crate::encoding::field::FieldError;
use crate::node::{Catalogue, NodePool};
use crate::pod::{NamespaceLabels, Pod};

/// A policy.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Whether the policy as a whole changes anything.
    pub mode: Mode,
    pub(super) architectures: Vec<Arc<str>>,
    pub(super) default_architecture: Architecture,
    pub(super) pools: Vec<Arc<Pool>>,
    pub(super) rules: Vec<Rule>,
    /// What each validation does.
    pub validation: ValidationFile,
}

impl Policy {
    /// The rule for a pod: the first that matches.
    ///
    /// Where the namespace's labels are not known, a rule that asks for them does not match.
    #[must_use]
    pub fn rule(&self, pod: &Pod<'_>, namespace: Option<&NamespaceLabels>) -> Option<&Rule> {
        self.rules
            .iter()
            .find(|rule| rule.matches.holds(pod, namespace))
    }

    /// The rules in order.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The pool of that name.
    #[must_use]
    pub fn pool(&self, name: &str) -> Option<&Pool> {
        let mut pools = self.pools.iter().map(Arc::as_ref);
        pools.find(|pool| *pool.name == *name)
    }

    /// All pools.
    #[must_use]
    pub fn pools(&self) -> &[Arc<Pool>] {
        &self.pools
    }

    /// The known architectures, in order of preference.
    #[must_use]
    pub fn architectures(&self) -> &[Arc<str>] {
        &self.architectures
    }

    /// The architecture of a pod that nobody chose one for.
    #[must_use]
    pub fn default_architecture(&self) -> Architecture {
        self.default_architecture
    }

    /// The choice that a text names: a known architecture, or `any`.
    #[must_use]
    pub fn architecture(&self, name: &str) -> Option<Architecture> {
        choose(&self.architectures, name)
    }

    /// The architectures that a choice leaves.
    #[must_use]
    pub fn chosen(&self, choice: Architecture) -> &[Arc<str>] {
        match choice {
            Architecture::One(position) => &self.architectures[position..=position],
            Architecture::Any => &self.architectures,
        }
    }

    /// Refuses a policy that the catalogue makes dangerous. A pool that binds `Preferred` must not have a tainted node
    /// pool, since a toleration without a binding would widen where its pods may run; and one requirement has to do for
    /// all node pools of a pool, so their nodes carry their names as the same label.
    ///
    /// # Errors
    /// The field that is wrong, and why.
    pub fn check(&self, catalogue: &Catalogue) -> Result<(), FieldError> {
        for (index, pool) in self.pools.iter().enumerate() {
            let wrong = |field: &str, message: String| {
                let error = FieldError::new(message).in_field(field).in_item(index);
                Err(error.in_field("pools").in_field("spec"))
            };
            let names = pool.node_pools.iter();
            let mut first: Option<&NodePool> = None;
            for node_pool in names.filter_map(|name| catalogue.get(name)) {
                let name = node_pool.name();
                if let (Binding::Preferred, Some(taint)) =
                    (pool.binding, node_pool.taints().first())
                {
                    let message = format!(
                        "Preferred needs node pools without taints, and {name} has {taint}"
                    );
                    return wrong("binding", message);
                }
                let first = *first.get_or_insert(node_pool);
                if node_pool.node_label() != first.node_label() {
                    let message = format!(
                        "one pool needs node pools of one node label: {} has {}, and {name} has {}",
                        first.name(),
                        first.node_label(),
                        node_pool.node_label()
                    );
                    return wrong("nodePools", message);
                }
            }
        }
        Ok(())
    }
}

pub(super) fn choose(known: &[Arc<str>], name: &str) -> Option<Architecture> {
    if name == "any" {
        return Some(Architecture::Any);
    }
    known
        .iter()
        .position(|architecture| &**architecture == name)
        .map(Architecture::One)
}
