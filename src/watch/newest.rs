//! The newest policy: that of the flag, else the cluster's, else the embedded one.

use std::sync::Arc;

use super::availability::Availability;
use super::listing::{Change, Listing};
use super::update::{PolicyObject, WatchResult};
use crate::definition;
use crate::encoding::field::FieldError;
use crate::node::Catalogue;
use crate::policy::{Policy, Source, embedded_policy, read_policy_spec};

/// A policy that can be put into force, with its source.
#[derive(Debug, Clone)]
pub(super) struct Usable {
    pub(super) source: Source,
    pub(super) policy: Arc<Policy>,
    /// The static catalogue that the policy's file or object holds.
    pub(super) catalogue: Catalogue,
}

impl Usable {
    fn new(source: Source, (policy, catalogue): (Policy, Catalogue)) -> Self {
        Self {
            source,
            policy: Arc::new(policy),
            catalogue,
        }
    }
}

/// The newest policy.
#[derive(Debug)]
pub(super) struct Newest {
    /// The policy of `--policy`.
    given: Option<Usable>,
    objects: Listing<Arc<PolicyObject>>,
    /// The newest policy, or its error, unless it may be another since it was read.
    read: Option<Result<Usable, FieldError>>,
}

impl Newest {
    pub(super) fn new(given: Option<(Policy, Catalogue)>) -> Self {
        Self {
            given: given.map(|policy| Usable::new(Source::Flag, policy)),
            objects: Listing::default(),
            read: None,
        }
    }

    /// Applies an update of the watch.
    pub(super) fn apply(&mut self, result: WatchResult<Arc<PolicyObject>>) -> Change {
        let change = self.objects.apply(result);
        if change != Change::Nothing {
            self.read = None;
        }
        change
    }

    /// True if the API server need not be asked for it, or has answered. A refusal is an answer too.
    pub(super) fn is_known(&self) -> bool {
        self.given.is_some() || self.objects.availability() != Availability::Unknown
    }

    /// Returns the newest policy, which is read once.
    ///
    /// # Errors
    /// The field that keeps it from being used.
    pub(super) fn usable(&mut self) -> Result<Usable, FieldError> {
        let newest = self.read.take().unwrap_or_else(|| self.read());
        self.read = Some(newest.clone());
        newest
    }

    fn read(&self) -> Result<Usable, FieldError> {
        if let Some(given) = &self.given {
            return Ok(given.clone());
        }
        let (source, policy) = match self.object() {
            Some(object) => (Source::Cluster, read_policy_spec(&object.spec)?),
            None => (Source::Embedded, embedded_policy()?),
        };
        Ok(Usable::new(source, policy))
    }

    /// Returns the `PlacementPolicy` to judge, or `None` if the cluster has none or the flag's policy comes first.
    pub(super) fn object(&self) -> Option<&Arc<PolicyObject>> {
        let objects = self.objects.objects();
        objects
            .get(definition::NAME)
            .filter(|_| self.given.is_none())
    }

    /// Returns the cluster's policies.
    pub(super) fn objects(&self) -> &Listing<Arc<PolicyObject>> {
        &self.objects
    }
}
