//! Where the final pod can go: the pod as berth leaves it, against the node pools of the catalogue.
//!
//! A pod has been through the mutating revision and is final as it is. A template is judged as the pods it will make, with
//! what the mutating revision will add to them.

use std::cell::Cell;
use std::collections::BTreeSet;

use super::revision::Revision;
use crate::node::label::ARCH;
use crate::node::{NodePool, ValueSet, may_allow};
use crate::placement::Reason;
use crate::pod::{Alternative, Spec, Toleration};
use crate::policy::{Binding, Mode};

/// How many requirements and values are looked at for one pod. A hundred node pools and a pod with a hundred terms need
/// less; an object that is made of nothing else is not judged to its end.
const MOST: usize = 200_000;

/// Whether a part of the selectors fits a node pool.
enum Fit<'k> {
    Yes,
    /// Not, for this label.
    No(&'k str),
    /// There was too much to look at.
    Unknown,
}

/// The selectors of the final pod.
pub(super) struct Reach<'a> {
    spec: &'a Spec<'a>,
    /// The architectures that the mutating revision will add to whatever names none.
    architectures: &'a [&'a str],
    rule: Rule,
    /// The labels that name node pools, for nodes that are there: each node is of one node pool, and has one of them.
    node_labels: BTreeSet<&'a str>,
    left: Cell<usize>,
}

/// By which rule selectors are held against a node pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Karpenter's: whether it would make a node for the pod.
    New,
    /// kube-scheduler's: whether the pod may run on a node that is there, whatever labels it got since.
    Existing,
}

/// Whether berth confines the pod to node pools of its own choosing, now or by the time that it is created.
pub(super) fn is_confined(revision: &Revision<'_>) -> bool {
    let decision = revision.decision;
    let bound = decision
        .pool
        .is_some_and(|pool| pool.binding == Binding::Required);
    bound
        && match decision.reason {
            Reason::AlreadyPlaced => true,
            Reason::Placed => !revision.workload.is_pod() && decision.mode == Mode::Enforce,
            _ => false,
        }
}

impl<'a> Reach<'a> {
    pub(super) fn of(revision: &'a Revision<'a>, rule: Rule) -> Self {
        let decision = revision.decision;
        let added = !revision.workload.is_pod() && decision.mode == Mode::Enforce;
        let architectures = decision.edits.required.architectures();
        Self {
            spec: revision.pod().spec,
            architectures: if added { architectures } else { &[] },
            rule,
            node_labels: match rule {
                Rule::New => BTreeSet::new(),
                Rule::Existing => revision.snapshot.catalogue.node_labels(),
            },
            left: Cell::new(MOST),
        }
    }

    /// Whether the selectors allow the node pool; nothing where that took too long to find out.
    pub(super) fn allows(&self, node_pool: &NodePool) -> Option<bool> {
        let alone = self.spec.selector_alone();
        match self.obstacle_among(alone.selector_keys(), node_pool, alone) {
            Fit::Yes => {}
            Fit::No(_) => return Some(false),
            Fit::Unknown => return None,
        }
        for alternative in self.spec.alternatives() {
            match self.term_fits(node_pool, alternative) {
                Fit::Yes => return Some(true),
                Fit::No(_) => {}
                Fit::Unknown => return None,
            }
        }
        Some(false)
    }

    /// Whether there was too much to look at.
    pub(super) fn is_exhausted(&self) -> bool {
        self.left.get() == 0
    }

    /// Whether one of the pod's alternatives allows the node pool.
    pub(super) fn allows_by(&self, node_pool: &NodePool, alternative: Alternative<'_>) -> bool {
        let selected = self.obstacle_among(alternative.selector_keys(), node_pool, alternative);
        matches!(selected, Fit::Yes) && matches!(self.term_fits(node_pool, alternative), Fit::Yes)
    }

    /// The same for a preference besides, which Karpenter takes for a requirement.
    pub(super) fn preference_allows(
        &self,
        node_pool: &NodePool,
        alternative: Alternative<'_>,
        preferred: Alternative<'_>,
    ) -> bool {
        let mut added = self.added(alternative).iter().peekable();
        let architectures = added.peek().is_none()
            || added.any(|name| node_pool.offers(name) && preferred.admits(ARCH, name));
        architectures
            && preferred.term_keys().all(|key| {
                let asked = alternative.on(key).chain(preferred.on(key));
                self.left.set(self.left.get().saturating_sub(1));
                !self.is_exhausted() && node_pool.can_meet(key, asked)
            })
    }

    /// The first label that keeps the first alternative from the node pool, as it is asked for.
    pub(super) fn obstacle(&self, node_pool: &NodePool) -> Option<(&str, Alternative<'a>)> {
        let alternative = self.spec.alternatives().next()?;
        let selected = self.obstacle_among(alternative.selector_keys(), node_pool, alternative);
        match (selected, self.term_fits(node_pool, alternative)) {
            (Fit::No(key), _) | (_, Fit::No(key)) => Some((key, alternative)),
            _ => None,
        }
    }

    /// The architectures that an alternative gets because it names none.
    pub(super) fn added(&self, alternative: Alternative<'_>) -> &[&'a str] {
        if alternative.constrains(ARCH) {
            &[]
        } else {
            self.architectures
        }
    }

    /// Whether a term, and the architecture that it will get, fit the node pool.
    fn term_fits<'k>(&self, node_pool: &NodePool, alternative: Alternative<'k>) -> Fit<'k> {
        let added = self.added(alternative);
        let offered = added.is_empty() || added.iter().any(|name| node_pool.offers(name));
        match self.obstacle_among(alternative.term_keys(), node_pool, alternative) {
            Fit::Yes if !offered => Fit::No(ARCH),
            fit => fit,
        }
    }

    fn obstacle_among<'k>(
        &self,
        mut keys: impl Iterator<Item = &'k str>,
        node_pool: &NodePool,
        alternative: Alternative<'_>,
    ) -> Fit<'k> {
        let absent = ValueSet::absent();
        let meets = |key: &str| {
            let asked = alternative.on(key);
            match self.rule {
                Rule::New => node_pool.can_meet(key, asked),
                Rule::Existing => {
                    let of_another = self.node_labels.contains(key).then_some(&absent);
                    may_allow(node_pool.offered(key).or(of_another), asked)
                }
            }
        };
        let obstacle = keys.find(|key| {
            let asked = alternative.on(key);
            let size: usize = asked.map(|requirement| 1 + requirement.values.len()).sum();
            self.left.set(self.left.get().saturating_sub(size));
            self.is_exhausted() || !meets(key)
        });
        match obstacle {
            None => Fit::Yes,
            Some(_) if self.is_exhausted() => Fit::Unknown,
            Some(key) => Fit::No(key),
        }
    }
}

/// The position of the toleration that lets the pod in, where tolerations with a key tolerate every taint that keeps pods
/// out of the node pool. One without a key is no such choice: `wildcard-toleration` finds it. `counts` leaves out others.
pub(super) fn keyed_entry(
    revision: &Revision<'_>,
    node_pool: &NodePool,
    counts: impl Fn(&Toleration<'_>) -> bool,
) -> Option<usize> {
    let tolerations = revision.pod().spec.tolerations();
    let mut first = None;
    for taint in node_pool.hard_taints() {
        let position = tolerations.iter().position(|toleration| {
            !toleration.key.is_empty() && toleration.tolerates(taint) && counts(toleration)
        })?;
        first.get_or_insert(position);
    }
    first
}
