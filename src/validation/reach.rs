//! Where the final pod can go: the pod as berth leaves it, against the node pools of the catalogue.
//!
//! A pod has been through the mutating side and is final as it is. A template is judged as the pods it will make, with
//! what the mutating side will add to them.

use std::cell::Cell;

use super::Side;
use crate::placement::Reason;
use crate::placement::catalogue::NodePool;
use crate::placement::constraints::Alternative;
use crate::placement::pod::Spec;
use crate::placement::policy::{Binding, Mode};
use crate::placement::requirement::{ARCH, can_meet};

/// How many labels are looked at for one pod. A hundred node pools and a pod with a hundred terms need less; an object
/// made of terms alone gets no further, and is then said to be unjudged.
const LABELS: usize = 500_000;

/// The selectors of the final pod.
pub(super) struct Reach<'r, 'a> {
    spec: &'r Spec<'a>,
    /// The architectures that the mutating side will add to whatever names none.
    architectures: &'r [&'r str],
    left: Cell<usize>,
}

/// Whether berth confines the pod to node pools of its own choosing, now or by the time that it is created.
pub(super) fn is_confined(side: &Side<'_, '_, '_>) -> bool {
    let decision = side.decision();
    let bound = decision
        .pool
        .is_some_and(|pool| pool.binding == Binding::Required);
    bound
        && match decision.reason {
            Reason::AlreadyPlaced => true,
            Reason::Placed => !side.case.is_pod && decision.mode == Mode::Enforce,
            _ => false,
        }
}

impl<'r, 'a> Reach<'r, 'a> {
    pub(super) fn of(side: &'r Side<'_, '_, 'a>) -> Self {
        let decision = side.decision();
        let added = !side.case.is_pod && decision.mode == Mode::Enforce;
        let architectures = &decision.edits.required.requirements.architectures;
        Self {
            spec: side.pod().spec,
            architectures: if added { architectures } else { &[] },
            left: Cell::new(LABELS),
        }
    }

    /// Whether the selectors allow the node pool, by Karpenter's rule; nothing where that took too long to find out.
    pub(super) fn allows(&self, node_pool: &NodePool) -> Option<bool> {
        let alone = self.spec.selector_alone();
        for key in alone.selector_keys() {
            if !self.meets(node_pool, alone, key)? {
                return Some(false);
            }
        }
        for alternative in self.spec.alternatives() {
            if self.obstacle_in(node_pool, alternative)?.is_none() {
                return Some(true);
            }
        }
        Some(false)
    }

    /// Whether there was too much to look at.
    pub(super) fn is_exhausted(&self) -> bool {
        self.left.get() == 0
    }

    /// The same for one of its terms.
    pub(super) fn term_allows(
        &self,
        node_pool: &NodePool,
        alternative: Alternative<'_, '_>,
    ) -> bool {
        let selected = alternative
            .selector_keys()
            .all(|key| self.meets(node_pool, alternative, key) == Some(true));
        selected && self.obstacle_in(node_pool, alternative) == Some(None)
    }

    /// The first label that keeps the first alternative from the node pool, as it is asked for.
    pub(super) fn obstacle(&self, node_pool: &NodePool) -> Option<(&str, Alternative<'_, 'a>)> {
        let alternative = self.spec.alternatives().next()?;
        let selected = alternative
            .selector_keys()
            .find(|key| self.meets(node_pool, alternative, key) == Some(false));
        let key = match selected {
            Some(key) => key,
            None => self.obstacle_in(node_pool, alternative)??,
        };
        Some((key, alternative))
    }

    /// The architectures that an alternative gets because it names none.
    pub(super) fn added(&self, alternative: Alternative<'_, '_>) -> &[&'r str] {
        if alternative.constrains(ARCH) {
            &[]
        } else {
            self.architectures
        }
    }

    /// The label of a term that keeps it from the node pool; nothing at all where it is not known.
    fn obstacle_in<'k>(
        &self,
        node_pool: &NodePool,
        alternative: Alternative<'k, '_>,
    ) -> Option<Option<&'k str>> {
        for key in alternative.term_keys() {
            if !self.meets(node_pool, alternative, key)? {
                return Some(Some(key));
            }
        }
        let added = self.added(alternative);
        let offered = added.is_empty() || added.iter().any(|name| node_pool.offers(name));
        Some((!offered).then_some(ARCH))
    }

    fn meets(
        &self,
        node_pool: &NodePool,
        alternative: Alternative<'_, '_>,
        key: &str,
    ) -> Option<bool> {
        self.left.set(self.left.get().checked_sub(1)?);
        Some(can_meet(node_pool.offered(key), key, alternative.on(key)))
    }
}
