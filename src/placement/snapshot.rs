//! Everything that a decision depends on besides the pod: immutable, and replaced as a whole.

use std::sync::Arc;

use crate::encoding::field::FieldError;
use crate::node::Catalogue;
use crate::pod::{Namespace, Namespaces};
use crate::policy::Policy;

/// The state that one request sees from beginning to end. Each part is shared, so replacing one copies no other.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The policy in force.
    pub policy: Arc<Policy>,
    /// The node pools that the cluster has, or that berth takes to exist.
    pub catalogue: Arc<Catalogue>,
    /// The labels of each namespace that berth has seen.
    pub namespaces: Namespaces,
    /// The namespace that berth itself runs in. `None` outside a cluster.
    pub own_namespace: Option<Arc<str>>,
}

impl Snapshot {
    /// Combines a policy and a catalogue. It knows no namespaces.
    ///
    /// # Errors
    /// If the catalogue makes the policy dangerous: see [`Policy::check`].
    pub fn new(policy: Policy, catalogue: Catalogue) -> Result<Self, FieldError> {
        policy.check(&catalogue)?;
        Ok(Self {
            policy: Arc::new(policy),
            catalogue: Arc::new(catalogue),
            namespaces: Namespaces::default(),
            own_namespace: None,
        })
    }

    /// Returns a namespace by its name, with its labels if berth has seen it.
    #[must_use]
    pub fn namespace<'n>(&'n self, name: &'n str) -> Namespace<'n> {
        let own = self.own_namespace.as_deref() == Some(name);
        Namespace {
            name,
            labels: self.namespaces.get(name).map(Arc::as_ref),
            own,
        }
    }
}
