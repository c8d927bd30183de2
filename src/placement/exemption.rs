//! The classes of pods that berth leaves alone, each with its own reason (R3). Some stay alone whatever anybody asks,
//! and some unless they ask for a pool by their own label.

use super::reason::Reason;
use crate::label::{HOSTNAME, OS, Operator, Requirement};
use crate::names::{INJECTION_LABEL, POOL_LABEL};
use crate::node::{Catalogue, NodePool};
use crate::pod::{Alternative, Namespace, NamespaceLabels, Pod, Spec, Term};
use crate::policy::Pool;

/// The taint of the nodes for the add-ons that a cluster needs. EKS Auto Mode's own node pool `system` has it, and the
/// add-ons of EKS tolerate it (R3.12).
const CRITICAL_ADDONS: &str = "CriticalAddonsOnly";
const MIRROR: &str = "kubernetes.io/config.mirror";
const COMPUTE_TYPE: &str = "eks.amazonaws.com/compute-type";
const FARGATE_PROFILE: &str = "eks.amazonaws.com/fargate-profile";

/// Returns the reason to leave the pod alone whatever the policy says, or `None`. The order is that of the contract: the
/// first that applies is the reason.
#[must_use]
pub fn exemption(pod: &Pod<'_>, namespace: &Namespace<'_>) -> Option<Reason> {
    let Pod { metadata, spec, .. } = *pod;
    let reason = if namespace.is_system() {
        Reason::Namespace
    } else if namespace.labels.is_some_and(|labels| !opted_in(labels)) {
        Reason::NotOptedIn
    } else if is_of_daemon_set(pod) {
        Reason::DaemonSet
    } else if names_node(spec) {
        Reason::NodePinned
    } else if is_mirror(pod) {
        Reason::Mirror
    } else if !spec.node_name.is_empty() {
        Reason::Bound
    } else if spec.os.as_ref() == "windows" || excludes(spec, OS, "linux") {
        Reason::Os
    } else if !matches!(spec.scheduler_name.as_ref(), "" | "default-scheduler") {
        Reason::Scheduler
    } else if metadata.label(FARGATE_PROFILE).is_some() || on_foreign_compute(spec) {
        Reason::ComputeType
    } else if on_virtual_node(spec) {
        Reason::VirtualNode
    } else if is_system_critical(spec) {
        Reason::Critical
    } else if pins_host(spec) {
        Reason::HostPinned
    } else if metadata.label(INJECTION_LABEL) == Some("disabled") {
        Reason::OptedOut
    } else if spec
        .terms()
        .is_some_and(|terms| terms.iter().all(Term::is_empty))
    {
        Reason::EmptyAffinity
    } else {
        return None;
    };
    Some(reason)
}

/// Returns the reason to leave a pod alone whose own label asks for no pool, with the obstacle, or `None`. `pool` is the
/// one that the pod's rule gives, if it gives one.
pub(super) fn unless_asked(
    pod: &Pod<'_>,
    namespace: &Namespace<'_>,
    pool: Option<&Pool>,
    catalogue: &Catalogue,
) -> Option<(Reason, Option<String>)> {
    if is_addon(pod.spec) && !pool.is_some_and(|pool| is_for_addons(pool, catalogue)) {
        Some((Reason::CriticalAddon, None))
    } else if is_beside_others(pod, namespace, pool) {
        Some((Reason::BesideOthers, None))
    } else {
        let resource = pod.spec.special_resource.as_ref()?;
        if pool.is_some_and(|pool| has_devices(pod.spec, pool, catalogue)) {
            return None;
        }
        Some((
            Reason::SpecialResource,
            Some(format!("requests {resource}")),
        ))
    }
}

/// True if a toleration names the taint of the nodes for add-ons by its key. One without a key tolerates every taint, and
/// says nothing of where the pod belongs.
fn is_addon(spec: &Spec<'_>) -> bool {
    spec.tolerations().iter().any(|toleration| {
        toleration.key.as_ref() == CRITICAL_ADDONS
            && matches!(toleration.operator.as_ref(), "" | "Equal" | "Exists")
    })
}

/// True if a node pool of the pool has the taint of the nodes for add-ons.
fn is_for_addons(pool: &Pool, catalogue: &Catalogue) -> bool {
    node_pools_of(pool, catalogue).any(|node_pool| {
        let mut taints = node_pool.taints().iter();
        taints.any(|taint| taint.key == CRITICAL_ADDONS)
    })
}

fn node_pools_of<'p>(pool: &Pool, catalogue: &'p Catalogue) -> impl Iterator<Item = &'p NodePool> {
    let names = pool.all_node_pools();
    names.filter_map(|name| catalogue.get(name))
}

/// True if an instance type of some node pool of the pool has the extended resources that the pod requests.
fn has_devices(spec: &Spec<'_>, pool: &Pool, catalogue: &Catalogue) -> bool {
    let Ok(resources) = spec.resources() else {
        return false;
    };
    !spec.claims_resources
        && node_pools_of(pool, catalogue).any(|node_pool| {
            let types = node_pool.instance_types();
            types.is_some_and(|types| resources.lacking(types).is_none())
        })
}

/// True if the pod has to run on the node of other pods. Karpenter makes no node for it: only a pod that the term selects
/// itself can be the first on a new one (R3.13).
fn is_beside_others(pod: &Pod<'_>, namespace: &Namespace<'_>, pool: Option<&Pool>) -> bool {
    let added = pool.map(|pool| (POOL_LABEL, &*pool.name));
    pod.spec.affinities().iter().any(|term| {
        term.topology_key == HOSTNAME && !term.selects_itself(pod, namespace, added.as_slice())
    })
}

/// True if the owner references name a `DaemonSet` as the pod's controller. Anyone can write them.
#[must_use]
pub fn is_of_daemon_set(pod: &Pod<'_>) -> bool {
    pod.controller
        .is_some_and(|owner| owner.group == "apps" && owner.kind == "DaemonSet")
}

/// True if a term of the required affinity pins the pod to a node by the node's name.
#[must_use]
pub fn names_node(spec: &Spec<'_>) -> bool {
    let mut terms = spec.terms().unwrap_or_default().iter();
    terms.any(Term::names_node)
}

/// True if the pod has the annotation of mirror pods. Anyone can write it.
#[must_use]
pub fn is_mirror(pod: &Pod<'_>) -> bool {
    pod.metadata.has_annotation(MIRROR)
}

/// True if the namespace's labels say `placement.truemark.io/injection: enabled`.
#[must_use]
pub fn opted_in(labels: &NamespaceLabels) -> bool {
    labels
        .get(INJECTION_LABEL)
        .is_some_and(|value| value == "enabled")
}

/// True if the pod has one of the two system-critical priority classes. Anyone can name them.
#[must_use]
pub fn is_system_critical(spec: &Spec<'_>) -> bool {
    matches!(
        spec.priority_class_name.as_ref(),
        "system-node-critical" | "system-cluster-critical"
    )
}

/// True if the pod has alternatives and the test holds for each.
fn every_alternative(spec: &Spec<'_>, test: impl Fn(Alternative<'_>) -> bool) -> bool {
    let mut alternatives = spec.alternatives().peekable();
    alternatives.peek().is_some() && alternatives.all(test)
}

/// True if the pod constrains the label, and no alternative admits the value.
fn excludes(spec: &Spec<'_>, key: &str, value: &str) -> bool {
    every_alternative(spec, |alternative| !alternative.admits(key, value))
}

/// True if the pod selects Fargate or hybrid nodes, which Karpenter does not make. `compute-type: auto` selects Auto
/// Mode, where Karpenter makes the nodes (R3.5).
fn on_foreign_compute(spec: &Spec<'_>) -> bool {
    selects_every_way(spec, COMPUTE_TYPE, |value| value != "auto")
}

/// True if the pod selects a virtual node or tolerates the taint of one.
fn on_virtual_node(spec: &Spec<'_>) -> bool {
    selects_every_way(spec, "type", |value| value == "virtual-kubelet")
        || spec
            .tolerations()
            .iter()
            .any(|toleration| toleration.key.as_ref() == "virtual-kubelet.io/provider")
}

/// True if every alternative lists values for the label and all of them pass the test.
fn selects_every_way(spec: &Spec<'_>, key: &str, test: impl Fn(&str) -> bool) -> bool {
    let selects = |requirement: Requirement<'_>| {
        requirement.operator == Operator::In && requirement.values.iter().all(|value| test(value))
    };
    every_alternative(spec, |alternative| alternative.on(key).any(selects))
}

/// True if every alternative selects by host name. Such a pod can only go to an existing node: Karpenter makes none for
/// it (R3.7).
fn pins_host(spec: &Spec<'_>) -> bool {
    let pins = |requirement: Requirement<'_>| {
        matches!(requirement.operator, Operator::In | Operator::Exists)
    };
    every_alternative(spec, |alternative| alternative.on(HOSTNAME).any(pins))
}
