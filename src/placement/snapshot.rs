//! Everything that a decision knows besides the pod: immutable, and swapped whole.

use std::sync::Arc;

use crate::encoding::field::FieldError;
use crate::node::Catalogue;
use crate::pod::{Namespace, Namespaces};
use crate::policy::Policy;

/// What a request sees from beginning to end. Its parts are shared, so that one can be changed without copying the others.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The policy in force.
    pub policy: Arc<Policy>,
    /// The node pools of the cluster.
    pub catalogue: Arc<Catalogue>,
    /// The labels of the namespaces that are known.
    pub namespaces: Arc<Namespaces>,
    /// The namespace that berth itself runs in, where it runs in one.
    pub own_namespace: Option<Arc<str>>,
}

impl Snapshot {
    /// Puts a policy and a catalogue together.
    ///
    /// # Errors
    /// When the catalogue makes the policy dangerous: see [`Policy::check`].
    pub fn new(policy: Policy, catalogue: Catalogue) -> Result<Self, FieldError> {
        policy.check(&catalogue)?;
        Ok(Self {
            policy: Arc::new(policy),
            catalogue: Arc::new(catalogue),
            namespaces: Arc::default(),
            own_namespace: None,
        })
    }

    /// What is known of a namespace.
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
