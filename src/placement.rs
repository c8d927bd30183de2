//! The decision on where a pod goes: a pure function of the pod, its namespace, the policy and the catalogue.
//!
//! The steps have a fixed order: exemption, rule, pool, architecture, node pools, edits. The first step that leaves the
//! pod alone gives the reason.

mod architecture;
mod counts;
mod decision;
mod edits;
mod exemption;
mod given;
mod reason;
mod search;
mod snapshot;
mod split;

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

pub use architecture::{Holder, UnknownArchitecture, asked_architecture};
pub use counts::{Assigned, Basis, Counts, Owner, Siblings};
pub use decision::Decision;
pub use edits::{
    Edits, NewPreference, NewRequirement, NewRequirements, NewToleration, RequiredEdits, TermEdit,
};
pub use exemption::{
    exemption, is_mirror, is_of_daemon_set, is_system_critical, names_node, opted_in,
};
pub use given::{Given, Live, live_catalogue};
pub use reason::Reason;
pub use snapshot::Snapshot;
pub use split::split_of;

use crate::names::{
    ARCH_LABEL, CAPACITY_LABEL, DECISION_ANNOTATION, DELETION_COST_ANNOTATION, POOL_LABEL,
};
use crate::node::Catalogue;
use crate::pod::{Namespace, Pod, asks_for_instances};
use crate::policy::{Architecture, Mode, Place, Policy, Pool, Rule};
use search::Search;

/// Decides where a pod goes. The counts matter only in a pool that is split.
#[must_use]
pub fn decide<'p>(
    pod: &Pod<'_>,
    namespace: &Namespace<'_>,
    policy: &'p Policy,
    catalogue: &'p Catalogue,
    counts: &Counts,
) -> Decision<'p> {
    let leave = |reason| Decision {
        mode: policy.mode,
        ..Decision::leave(reason)
    };
    if let Some(reason) = exemption::exemption(pod, namespace) {
        return leave(reason);
    }
    let Some(rule) = policy.rule(pod, namespace.labels) else {
        return leave(Reason::NoRule);
    };
    let matched = Matched {
        pod,
        namespace,
        rule,
        policy,
        catalogue,
        counts,
    };
    Decision {
        mode: match policy.mode {
            Mode::Audit => Mode::Audit,
            Mode::Enforce => rule.mode,
        },
        rule: Some(rule),
        ..matched.decide()
    }
}

/// A pod and the rule that matches it, with everything else that the decision depends on.
struct Matched<'a, 'p> {
    pod: &'a Pod<'a>,
    namespace: &'a Namespace<'a>,
    rule: &'p Rule,
    policy: &'p Policy,
    catalogue: &'p Catalogue,
    counts: &'a Counts,
}

impl<'p> Matched<'_, 'p> {
    /// Returns the decision without its rule and its mode.
    fn decide(&self) -> Decision<'p> {
        let pool = self.pool();
        if self.rule.place.label().is_none()
            && let Some((reason, detail)) = exemption::unless_asked(
                self.pod,
                self.namespace,
                pool.as_ref().ok().copied(),
                self.catalogue,
            )
        {
            return Decision {
                detail,
                ..Decision::leave(reason)
            };
        }
        match pool {
            Ok(pool) => Decision {
                pool: Some(pool),
                ..self.in_pool(pool)
            },
            Err((reason, detail)) => Decision {
                detail,
                ..Decision::leave(reason)
            },
        }
    }

    /// Returns the pool that the rule gives.
    ///
    /// # Errors
    /// If it gives none: the reason, with the obstacle.
    fn pool(&self) -> Result<&'p Pool, (Reason, Option<String>)> {
        match &self.rule.place {
            Place::Pool(pool) => Ok(pool.as_ref()),
            Place::LeaveAlone => Err((Reason::LeftByRule, None)),
            Place::PoolFromLabel(key) => {
                let name = self.pod.metadata.label(key).unwrap_or_default();
                self.policy.pool(name).ok_or_else(|| {
                    let detail = format!("label {key}: {name:?} names no pool");
                    (Reason::UnknownPool, Some(detail))
                })
            }
            Place::PoolFromNamespaceLabel(key) => {
                let Namespace {
                    name: of, labels, ..
                } = *self.namespace;
                let name = labels
                    .and_then(|labels| labels.get(key))
                    .unwrap_or_default();
                self.policy.pool(name).ok_or_else(|| {
                    let detail = format!("label {key}: {name:?} of namespace {of} names no pool");
                    (Reason::UnknownPool, Some(detail))
                })
            }
        }
    }

    /// Returns the decision for the pool that the rule gives, without the pool itself.
    fn in_pool(&self, pool: &'p Pool) -> Decision<'p> {
        if !pool.is_open_to(self.namespace.labels) {
            let detail = format!(
                "namespace {} may not use pool {}",
                self.namespace.name, pool.name
            );
            return Decision::left(Reason::NotEntitled, detail);
        }
        let asked = match asked_architecture(self.pod, self.namespace, self.policy) {
            Ok(asked) => asked,
            Err(unknown) => {
                return Decision::left(Reason::UnknownArchitecture, unknown.to_string());
            }
        };
        let architecture = asked.or(self.rule.architecture);
        let architecture = architecture.unwrap_or(self.policy.default_architecture());
        let mut decision = match split::side(self.pod, pool, self.counts) {
            Ok(None) => self.on(pool, &pool.node_pools, architecture),
            Ok(Some(assigned)) => self.on_side(pool, assigned, architecture),
            Err(detail) => Decision::left(Reason::UnknownCapacity, detail),
        };
        if decision.reason == Reason::Placed {
            decision.edits.labels = self.labels(pool, &decision);
            decision.edits.annotations = self.annotations(pool, &decision);
            if decision.edits.is_empty() {
                decision.reason = Reason::AlreadyPlaced;
            }
        }
        decision
    }

    /// Returns the decision for a side of a split pool. A pod that cannot run there goes to the other side, unless its own
    /// label names the side.
    fn on_side(
        &self,
        pool: &'p Pool,
        assigned: Assigned,
        architecture: Architecture,
    ) -> Decision<'p> {
        let on = |assigned: Assigned| Decision {
            assigned: Some(assigned),
            ..self.on(pool, pool.side(assigned.side), architecture)
        };
        let wanted = on(assigned);
        if wanted.reason.is_placed() || assigned.basis == Basis::Label {
            return wanted;
        }
        let other = on(assigned.other(self.counts));
        if other.reason.is_placed() {
            other
        } else {
            wanted
        }
    }

    /// Returns the decision for some node pools of a pool, without the labels and annotations to add.
    fn on(
        &self,
        pool: &'p Pool,
        names: &'p [Arc<str>],
        architecture: Architecture,
    ) -> Decision<'p> {
        let (node_label, platform) = search::nodes_of(names, self.catalogue);
        let asks_for_instances = asks_for_instances(self.pod.spec);
        let search = Search {
            pod: self.pod,
            preference: search::preference(self.pod.spec, pool.binding),
            topology: self.pod.spec.hard_topology_keys(),
            pool,
            names,
            node_label,
            platform,
            known: self.policy.architectures(),
            wanted: self.policy.chosen(architecture),
            asks_for_instances,
            insists: asks_for_instances && self.pod.metadata.label(ARCH_LABEL).is_some(),
            implied: Cell::default(),
            catalogue: self.catalogue,
        };
        let decision = search.place();
        if let RequiredEdits::Extend(_, terms) = &decision.edits.required
            && terms.len() > edits::MOST_TERMS
        {
            let detail = format!(
                "{} terms of its required node affinity would have to be extended",
                terms.len()
            );
            return Decision::left(Reason::TooManyTerms, detail);
        }
        decision
    }

    /// Returns the labels that the pod lacks: its pool, and its side of the split.
    fn labels(&self, pool: &'p Pool, decision: &Decision<'p>) -> Vec<(&'static str, &'p str)> {
        let mut labels = Vec::new();
        if self.pod.metadata.label(POOL_LABEL).is_none() {
            labels.push((POOL_LABEL, &*pool.name));
        }
        if let Some(Assigned { side, basis, .. }) = decision.assigned
            && basis != Basis::Label
        {
            labels.push((CAPACITY_LABEL, side.as_str()));
        }
        labels
    }

    /// Returns the annotations that the pod lacks: the pool's, and the one that records the decision.
    fn annotations(&self, pool: &'p Pool, decision: &Decision<'p>) -> Vec<(&'p str, Cow<'p, str>)> {
        let missing = |key: &str| !self.pod.metadata.has_annotation(key);
        let of_pool = pool
            .annotations
            .iter()
            .map(|(key, value)| (key.as_str(), Cow::Borrowed(value.as_str())));
        let mut annotations: Vec<_> = of_pool
            .filter(|(key, _)| missing(key) && *key != DECISION_ANNOTATION)
            .collect();
        let cost = decision
            .assigned
            .and_then(|assigned| split::deletion_cost(self.pod, assigned));
        if let Some(cost) =
            cost.filter(|_| !pool.annotations.contains_key(DELETION_COST_ANNOTATION))
        {
            annotations.push((DELETION_COST_ANNOTATION, Cow::Owned(cost)));
        }
        if missing(DECISION_ANNOTATION) {
            let summary = summary(self.rule, pool, decision);
            annotations.push((DECISION_ANNOTATION, Cow::Owned(summary)));
        }
        annotations
    }
}

/// Returns the placement as one readable line. The line does not depend on the edits, so a second call gives the first
/// line again.
fn summary(rule: &Rule, pool: &Pool, decision: &Decision<'_>) -> String {
    let node_pools = decision
        .node_pools
        .iter()
        .map(|node_pool| &**node_pool.name());
    let mut line = String::with_capacity(96);
    line.push_str(Reason::Placed.as_str());
    for (name, value) in [(": rule=", &rule.name), (" pool=", &pool.name)] {
        line.push_str(name);
        line.push_str(value);
    }
    if let Some(assigned) = decision.assigned {
        line.push_str(" capacity=");
        line.push_str(assigned.side.as_str());
    }
    push_list(&mut line, " nodePools=", node_pools);
    push_list(
        &mut line,
        " architectures=",
        decision.architectures.iter().copied(),
    );
    line
}

/// Appends a name and its values, separated by commas.
fn push_list<'l>(line: &mut String, name: &str, values: impl Iterator<Item = &'l str>) {
    line.push_str(name);
    for (index, value) in values.enumerate() {
        if index > 0 {
            line.push(',');
        }
        line.push_str(value);
    }
}
