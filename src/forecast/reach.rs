//! The node pools that the selectors of the final pod allow.
//!
//! A pod has passed the mutating side and is final as it is. A template is judged as the pods that it will make, with
//! the additions that the mutating side will make to them.

use std::cell::Cell;
use std::collections::BTreeSet;

use super::revision::Revision;
use crate::label::{ARCH, ValueSet};
use crate::names::ARCH_LABEL;
use crate::node::{Candidates, NodePool, may_allow};
use crate::placement::Reason;
use crate::pod::{Alternative, Spec, Toleration, demands, demands_instances, implied};
use crate::policy::{Binding, Mode};

/// The budget of one pod: the most requirements and values that a [`Reach`] looks at. A pod with a hundred terms and a
/// hundred node pools need less. An object that consists of nothing else is not judged to its end.
const BUDGET: usize = 200_000;

/// The answer to the question if a part of the selectors fits a node pool.
enum Fit<'k> {
    Yes,
    /// This does not fit.
    No(Obstacle<'k>),
    /// The budget ran out first.
    Unknown,
}

/// The part of a pod's selectors that does not fit a node pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Obstacle<'k> {
    /// This label.
    Label(&'k str),
    /// Labels of the instance type, each of which fits, but not all together.
    InstanceType,
}

/// The cost of a look at the instance types of a node pool, in requirements.
const INSTANCE_TYPES: usize = 64;

/// The selectors of the final pod, and the budget that is left to match them.
pub(crate) struct Reach<'a> {
    spec: &'a Spec<'a>,
    /// The architectures that the mutating side will add to each alternative without one.
    architectures: &'a [&'a str],
    /// True if the pod's own label chooses its architecture, so that its instance type does not.
    insists: bool,
    nodes: Nodes,
    /// The labels that carry the names of node pools. An existing node has exactly one of them. Empty for new nodes.
    node_labels: BTreeSet<&'a str>,
    budget: Cell<usize>,
}

/// The nodes of a node pool that the selectors have to match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nodes {
    /// New ones, by Karpenter's rule: it makes a node for the pod if the node pool's labels can meet the selectors.
    New,
    /// Existing ones, by kube-scheduler's rule: the pod may run on a node that may have got any label since it was
    /// made.
    Existing,
}

/// True if berth confines the final pod to its pool's node pools, now or before it is created.
pub(crate) fn is_confined(revision: &Revision<'_>) -> bool {
    let decision = revision.decision;
    let binds = decision
        .pool
        .is_some_and(|pool| pool.binding == Binding::Required);
    let will_be_placed = decision.reason == Reason::Placed
        && !revision.workload.is_pod()
        && decision.mode == Mode::Enforce;
    binds && (decision.reason == Reason::AlreadyPlaced || will_be_placed)
}

impl<'a> Reach<'a> {
    pub(crate) fn of(revision: &'a Revision<'a>, nodes: Nodes) -> Self {
        let decision = revision.decision;
        let added = !revision.workload.is_pod() && decision.mode == Mode::Enforce;
        let architectures = decision.edits.required.architectures();
        Self {
            spec: revision.pod().spec,
            architectures: if added { architectures } else { &[] },
            insists: revision.pod().metadata.label(ARCH_LABEL).is_some(),
            nodes,
            node_labels: match nodes {
                Nodes::New => BTreeSet::new(),
                Nodes::Existing => revision.snapshot.catalogue.node_labels(),
            },
            budget: Cell::new(BUDGET),
        }
    }

    /// Returns true if the selectors allow the node pool, or `None` if the budget runs out first.
    pub(crate) fn allows(&self, node_pool: &NodePool) -> Option<bool> {
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

    /// True if the budget ran out, so that further answers mean nothing.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.budget.get() == 0
    }

    /// True if this alternative of the pod allows the node pool. False if the budget runs out first.
    pub(crate) fn allows_by(&self, node_pool: &NodePool, alternative: Alternative<'_>) -> bool {
        let selected = self.obstacle_among(alternative.selector_keys(), node_pool, alternative);
        matches!(selected, Fit::Yes) && matches!(self.term_fits(node_pool, alternative), Fit::Yes)
    }

    /// True if the alternative and a preference that Karpenter requires allow the node pool together. False if the
    /// budget runs out first.
    pub(crate) fn preference_allows(
        &self,
        node_pool: &NodePool,
        alternative: Alternative<'_>,
        preferred: Alternative<'_>,
    ) -> bool {
        let mut added = self.added(node_pool, alternative).iter().peekable();
        let architectures = added.peek().is_none()
            || added.any(|name| node_pool.offers(name) && preferred.admits(ARCH, name));
        architectures
            && preferred.term_keys().all(|key| {
                let asked = alternative.on(key).chain(preferred.on(key));
                self.budget.set(self.budget.get().saturating_sub(1));
                !self.is_exhausted() && node_pool.can_meet_preference(key, asked)
            })
            && self.has_instance(node_pool, alternative, Some(preferred))
    }

    /// True if one instance type of the node pool meets all that the alternative, and the preference if it is given, ask
    /// of it. False if the budget runs out first.
    fn has_instance(
        &self,
        node_pool: &NodePool,
        alternative: Alternative<'_>,
        preferred: Option<Alternative<'_>>,
    ) -> bool {
        if !demands_instances(node_pool.platform(), alternative, preferred) {
            return true;
        }
        self.budget
            .set(self.budget.get().saturating_sub(INSTANCE_TYPES));
        !self.is_exhausted()
            && self
                .candidates(node_pool, alternative, preferred)
                .any(|candidates| !candidates.is_empty())
    }

    /// Returns the instance types of the node pool for an alternative, and for a preference if it is given: for each
    /// architecture that the mutating side will add, or for all at once.
    pub(crate) fn candidates<'s>(
        &'s self,
        node_pool: &'s NodePool,
        alternative: Alternative<'s>,
        preferred: Option<Alternative<'s>>,
    ) -> impl Iterator<Item = Candidates> + 's {
        let demands = demands(node_pool.platform(), alternative, preferred);
        let added = self.added(node_pool, alternative);
        let each = added.iter().map(|name| Some(*name));
        let unsaid = added.is_empty().then_some(None);
        each.chain(unsaid)
            .map(move |architecture| node_pool.candidates(architecture, &demands))
    }

    /// Returns the first part that keeps the pod's first alternative from the node pool, and that alternative.
    pub(crate) fn obstacle(&self, node_pool: &NodePool) -> Option<(Obstacle<'_>, Alternative<'a>)> {
        let alternative = self.spec.alternatives().next()?;
        let selected = self.obstacle_among(alternative.selector_keys(), node_pool, alternative);
        match (selected, self.term_fits(node_pool, alternative)) {
            (Fit::No(obstacle), _) | (_, Fit::No(obstacle)) => Some((obstacle, alternative)),
            (Fit::Yes | Fit::Unknown, Fit::Yes | Fit::Unknown) => None,
        }
    }

    /// Returns the architectures that the mutating side will add to the alternative; empty if it names one, or if its
    /// instance type gives one away.
    pub(crate) fn added(&self, node_pool: &NodePool, alternative: Alternative<'_>) -> &[&'a str] {
        if self.architectures.is_empty()
            || alternative.constrains(ARCH)
            || (!self.insists && implied(node_pool.platform(), alternative).is_some())
        {
            &[]
        } else {
            self.architectures
        }
    }

    /// Matches a term, with the architecture that it will get, against the node pool.
    fn term_fits<'k>(&self, node_pool: &NodePool, alternative: Alternative<'k>) -> Fit<'k> {
        let added = self.added(node_pool, alternative);
        let offered = added.is_empty() || added.iter().any(|name| node_pool.offers(name));
        let together =
            || self.nodes == Nodes::Existing || self.has_instance(node_pool, alternative, None);
        match self.obstacle_among(alternative.term_keys(), node_pool, alternative) {
            Fit::Yes if !offered => Fit::No(Obstacle::Label(ARCH)),
            Fit::Yes if !together() => {
                if self.is_exhausted() {
                    Fit::Unknown
                } else {
                    Fit::No(Obstacle::InstanceType)
                }
            }
            fit => fit,
        }
    }

    /// Matches these labels of an alternative against the node pool, at the expense of the budget.
    fn obstacle_among<'k>(
        &self,
        mut keys: impl Iterator<Item = &'k str>,
        node_pool: &NodePool,
        alternative: Alternative<'_>,
    ) -> Fit<'k> {
        let absent = ValueSet::absent();
        let meets = |key: &str| {
            let asked = alternative.on(key);
            match self.nodes {
                Nodes::New => node_pool.can_meet(key, asked),
                Nodes::Existing => {
                    let offered = match node_pool.offered(key) {
                        // A label of other node pools' nodes is not on this one's.
                        None if self.node_labels.contains(key) => Some(&absent),
                        offered => offered,
                    };
                    may_allow(offered, asked)
                }
            }
        };
        let obstacle = keys.find(|key| {
            let asked = alternative.on(key);
            let size: usize = asked.map(|requirement| 1 + requirement.values.len()).sum();
            self.budget.set(self.budget.get().saturating_sub(size));
            self.is_exhausted() || !meets(key)
        });
        match obstacle {
            None => Fit::Yes,
            Some(_) if self.is_exhausted() => Fit::Unknown,
            Some(key) => Fit::No(Obstacle::Label(key)),
        }
    }
}

/// Returns the position of the toleration by which the pod chose the node pool. `None` if some hard taint of the node
/// pool has no toleration with a key that `counts`.
///
/// A toleration without a key chooses no node pool; the check `wildcard-toleration` reports it.
pub(crate) fn keyed_toleration(
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
