//! Deciding where a pod goes: a pure function of the pod, its namespace, the policy and the catalogue.
//!
//! The steps and their order are those of the contract: leave alone, rule, architecture, node pools, edits.

mod decision;
mod edits;
mod exemption;
mod given;
mod reason;
mod search;
mod snapshot;

use std::borrow::Cow;

pub use decision::Decision;
pub use edits::{
    Edits, NewPreference, NewRequirement, NewRequirements, NewTerm, NewToleration, RequiredEdits,
    TermEdit,
};
pub use exemption::{
    exemption, is_mirror, is_of_daemon_set, is_system_critical, names_node, opted_in,
};
pub use given::{Given, or_embedded};
pub use reason::Reason;
pub use snapshot::Snapshot;

use crate::names::{ARCH_LABEL, DECISION_ANNOTATION, POOL_LABEL};
use crate::node::Catalogue;
use crate::node::label::ARCH;
use crate::pod::{Namespace, Pod};
use crate::policy::{Architecture, Mode, Place, Policy, Pool, Rule};
use search::Search;

/// Decides where a pod goes.
#[must_use]
pub fn decide<'p>(
    pod: &Pod<'_>,
    namespace: &Namespace<'_>,
    policy: &'p Policy,
    catalogue: &'p Catalogue,
) -> Decision<'p> {
    let exempt = |reason| Decision {
        mode: policy.mode,
        ..Decision::leave(reason)
    };
    if let Some(reason) = exemption::exemption(pod, namespace) {
        return exempt(reason);
    }
    let Some(rule) = policy.rule(pod, namespace.labels) else {
        return exempt(Reason::NoRule);
    };
    let audited = policy.mode == Mode::Audit;
    Decision {
        mode: if audited { Mode::Audit } else { rule.mode },
        rule: Some(rule),
        ..by_rule(rule, pod, namespace, policy, catalogue)
    }
}

/// What becomes of a pod that a rule matches.
fn by_rule<'p>(
    rule: &'p Rule,
    pod: &Pod<'_>,
    namespace: &Namespace<'_>,
    policy: &'p Policy,
    catalogue: &'p Catalogue,
) -> Decision<'p> {
    if let Some(resource) = &pod.spec.special_resource
        && rule.place.label().is_none()
    {
        return Decision::left(Reason::SpecialResource, format!("requests {resource}"));
    }
    let pool = match &rule.place {
        Place::Pool(pool) => pool.as_ref(),
        Place::LeaveAlone => return Decision::leave(Reason::LeftByRule),
        Place::PoolFromLabel(key) => {
            let name = pod.metadata.label(key).unwrap_or_default();
            let Some(pool) = policy.pool(name) else {
                let detail = format!("label {key}: {name:?} names no pool");
                return Decision::left(Reason::UnknownPool, detail);
            };
            pool
        }
    };
    Decision {
        pool: Some(pool),
        ..in_pool(pool, rule, pod, namespace, policy, catalogue)
    }
}

/// What becomes of a pod that is to go into a pool.
fn in_pool<'p>(
    pool: &'p Pool,
    rule: &'p Rule,
    pod: &Pod<'_>,
    namespace: &Namespace<'_>,
    policy: &'p Policy,
    catalogue: &'p Catalogue,
) -> Decision<'p> {
    if !pool.is_open_to(namespace.labels) {
        let detail = format!(
            "namespace {} may not use pool {}",
            namespace.name, pool.name
        );
        return Decision::left(Reason::NotEntitled, detail);
    }
    let choice = match chosen_architecture(pod, namespace, rule, policy) {
        Ok(choice) => choice,
        Err(detail) => return Decision::left(Reason::UnknownArchitecture, detail),
    };
    let search = Search {
        pod,
        preference: search::preference(pod.spec, pool.binding),
        pool,
        node_label: search::node_label(pool, catalogue),
        known: policy.architectures(),
        wanted: policy.chosen(choice),
        catalogue,
    };
    let mut decision = search.place();
    if let RequiredEdits::Extend(_, terms) = &decision.edits.required
        && terms.len() > edits::MOST_TERMS
    {
        let detail = format!(
            "{} terms of its required node affinity would have to be extended",
            terms.len()
        );
        return Decision::left(Reason::TooManyTerms, detail);
    }
    if decision.reason == Reason::Placed {
        let is_new = pod.metadata.label(POOL_LABEL).is_none();
        decision
            .edits
            .labels
            .extend(is_new.then_some((POOL_LABEL, &*pool.name)));
        decision.edits.annotations = annotations(pod, rule, pool, &decision);
        if decision.edits.is_empty() {
            decision.reason = Reason::AlreadyPlaced;
        }
    }
    decision
}

/// The architecture that the pod's label, its namespace's, the rule or the policy chooses, in this order. It is for what
/// the pod itself leaves open, so a label that makes no sense is in nobody's way where that is nothing.
fn chosen_architecture(
    pod: &Pod<'_>,
    namespace: &Namespace<'_>,
    rule: &Rule,
    policy: &Policy,
) -> Result<Architecture, String> {
    let of_pod = pod.metadata.label(ARCH_LABEL).map(|name| ("label", name));
    let of_namespace = namespace
        .labels
        .and_then(|labels| labels.get(ARCH_LABEL))
        .map(|name| ("namespace label", name));
    let otherwise = rule.architecture.unwrap_or(policy.default_architecture());
    let Some((whose, name)) = of_pod.or(of_namespace) else {
        return Ok(otherwise);
    };
    match policy.architecture(name) {
        Some(choice) => Ok(choice),
        None if pod
            .spec
            .alternatives()
            .all(|alternative| alternative.constrains(ARCH)) =>
        {
            Ok(otherwise)
        }
        None => Err(format!(
            "{whose} {ARCH_LABEL}: {name:?} names no known architecture"
        )),
    }
}

fn annotations<'p>(
    pod: &Pod<'_>,
    rule: &Rule,
    pool: &'p Pool,
    decision: &Decision<'p>,
) -> Vec<(&'p str, Cow<'p, str>)> {
    let missing = |key: &str| !pod.metadata.has_annotation(key);
    let of_pool = pool
        .annotations
        .iter()
        .map(|(key, value)| (key.as_str(), Cow::Borrowed(value.as_str())));
    let mut annotations: Vec<_> = of_pool
        .filter(|(key, _)| missing(key) && *key != DECISION_ANNOTATION)
        .collect();
    if missing(DECISION_ANNOTATION) {
        annotations.push((
            DECISION_ANNOTATION,
            Cow::Owned(summary(rule, pool, decision)),
        ));
    }
    annotations
}

/// The placement in one readable line, which does not depend on what the pod had before.
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
    push_list(&mut line, " nodePools=", node_pools);
    push_list(
        &mut line,
        " architectures=",
        decision.architectures.iter().copied(),
    );
    line
}

fn push_list<'l>(line: &mut String, name: &str, values: impl Iterator<Item = &'l str>) {
    line.push_str(name);
    for (index, value) in values.enumerate() {
        if index > 0 {
            line.push(',');
        }
        line.push_str(value);
    }
}
