//! Deciding where a pod goes: a pure function of the pod, its namespace, the policy and the catalogue.
//!
//! The steps and their order are those of the contract: leave alone, rule, architecture, node pools, edits.

pub mod affinity;
pub mod alternatives;
pub mod catalogue;
pub mod constraints;
pub mod exemption;
pub mod given;
pub mod json;
pub mod maps;
pub(crate) mod named;
pub mod namespace;
pub mod pod;
pub mod policy;
pub mod policy_file;
pub mod reason;
pub mod requirement;
pub mod schema;
mod search;
pub mod selector;
pub mod snapshot;
pub mod toleration;
pub mod yaml;

use std::borrow::Cow;

use affinity::{NewPreference, RequiredEdits};
use catalogue::{Catalogue, NodePool};
pub use namespace::Namespace;
use pod::Pod;
use policy::{Architecture, Mode, Place, Policy, Pool, Rule};
pub use reason::Reason;
use requirement::ARCH;
use search::Search;
use toleration::NewToleration;

/// The namespace label that opts in (`enabled`), and the pod label that opts out (`disabled`).
pub const INJECTION_LABEL: &str = "placement.truemark.io/injection";
/// The label that asks for a pool; berth writes it on every pod that it places.
pub const POOL_LABEL: &str = "placement.truemark.io/pool";
/// The label that asks for an architecture, on a pod or on its namespace.
pub const ARCH_LABEL: &str = "placement.truemark.io/arch";
/// The annotation that says how a pod was placed.
pub const DECISION_ANNOTATION: &str = "placement.truemark.io/decision";

/// The outcome for one pod.
///
/// One struct for pods that are placed and for pods that are left alone: every output shows the rule, the pool and
/// the reason of either, and `edits` is empty where nothing is to be done.
#[derive(Debug, Clone)]
pub struct Decision<'p> {
    /// Why.
    pub reason: Reason,
    /// Whether the decision is carried out.
    pub mode: Mode,
    /// The rule that matched.
    pub rule: Option<&'p Rule>,
    /// The pool.
    pub pool: Option<&'p Pool>,
    /// The node pools of the placement, in the policy's order.
    pub node_pools: Vec<&'p NodePool>,
    /// The architectures of the placement, in the policy's order.
    pub architectures: Vec<&'p str>,
    /// What the pod lacks.
    pub edits: Edits<'p>,
    /// What in the pod or the cluster is in the way, for a person to read.
    pub detail: Option<String>,
}

/// What is to be added to a pod.
#[derive(Debug, Clone, Default)]
pub struct Edits<'p> {
    /// Tolerations to append.
    pub tolerations: Vec<NewToleration<'p>>,
    /// The node pool, where there is one, for the node selector: its nodes' label, and its name.
    pub node_selector: Option<(&'p str, &'p str)>,
    /// What to add to the required node affinity.
    pub required: RequiredEdits<'p>,
    /// What to append to the preferred node affinity.
    pub preferred: Option<NewPreference<'p>>,
    /// Labels to add.
    pub labels: Vec<(&'static str, &'p str)>,
    /// Annotations to add.
    pub annotations: Vec<(&'p str, Cow<'p, str>)>,
}

impl Edits<'_> {
    /// Whether nothing is to be added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.affect_scheduling() && self.labels.is_empty() && self.annotations.is_empty()
    }

    /// Whether anything is to be added that says where the pod may run.
    #[must_use]
    pub fn affect_scheduling(&self) -> bool {
        let Self {
            tolerations,
            node_selector,
            required,
            preferred,
            labels: _,
            annotations: _,
        } = self;
        !tolerations.is_empty()
            || node_selector.is_some()
            || !required.is_empty()
            || preferred.is_some()
    }
}

impl Decision<'_> {
    /// A pod that is left as it is.
    #[must_use]
    pub fn leave(reason: Reason) -> Self {
        Self {
            reason,
            mode: Mode::Enforce,
            rule: None,
            pool: None,
            node_pools: Vec::new(),
            architectures: Vec::new(),
            edits: Edits::default(),
            detail: None,
        }
    }

    /// The same, with what is in the way.
    fn left(reason: Reason, detail: String) -> Self {
        Self {
            detail: Some(detail),
            ..Self::leave(reason)
        }
    }
}

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
        Place::Pool(position) => policy.pool_at(*position),
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
    let terms = decision.edits.required.terms.len();
    if terms > affinity::MOST_TERMS {
        let detail =
            format!("{terms} terms of its required node affinity would have to be extended");
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
