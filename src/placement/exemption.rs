//! Pods to leave alone: each class with its own reason (R3).

use super::namespace::NamespaceLabels;
use super::pod::{Pod, Spec};
use super::requirement::{HOSTNAME, OS, Operator};
use super::{INJECTION_LABEL, Namespace, Reason};

/// Namespaces that berth never touches: the system's, the provisioners', cert-manager's and its own (R3.6).
pub const SYSTEM_NAMESPACES: [&str; 8] = [
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "karpenter",
    "castai",
    "castai-agent",
    "cert-manager",
    "berth-system",
];

const MIRROR: &str = "kubernetes.io/config.mirror";
const COMPUTE_TYPE: &str = "eks.amazonaws.com/compute-type";
const FARGATE_PROFILE: &str = "eks.amazonaws.com/fargate-profile";

/// The reason to leave the pod alone whatever the policy says, if there is one. The order is that of the contract.
#[must_use]
pub fn exemption(pod: &Pod<'_>, namespace: &Namespace<'_>) -> Option<Reason> {
    let Pod {
        metadata,
        spec,
        controller,
    } = *pod;
    let exemptions = [
        (
            Reason::Namespace,
            SYSTEM_NAMESPACES.contains(&namespace.name) || namespace.own,
        ),
        (
            Reason::NotOptedIn,
            namespace.labels.is_some_and(|labels| !opted_in(labels)),
        ),
        (
            Reason::DaemonSet,
            controller.is_some_and(|owner| owner.group == "apps" && owner.kind == "DaemonSet"),
        ),
        (
            Reason::NodePinned,
            spec.terms()
                .unwrap_or_default()
                .iter()
                .any(super::constraints::Term::names_node),
        ),
        (Reason::Mirror, metadata.has_annotation(MIRROR)),
        (Reason::Bound, !spec.node_name.is_empty()),
        (
            Reason::Os,
            spec.os.as_ref() == "windows" || excludes(spec, OS, "linux"),
        ),
        (
            Reason::Scheduler,
            !matches!(spec.scheduler_name.as_ref(), "" | "default-scheduler"),
        ),
        (
            Reason::ComputeType,
            metadata.label(FARGATE_PROFILE).is_some() || on_foreign_compute(spec),
        ),
        (Reason::VirtualNode, on_virtual_node(spec)),
        (Reason::Critical, is_system_critical(spec)),
        (Reason::HostPinned, pins_host(spec)),
        (
            Reason::OptedOut,
            metadata.label(INJECTION_LABEL) == Some("disabled"),
        ),
        (
            Reason::EmptyAffinity,
            spec.terms()
                .is_some_and(|terms| terms.iter().all(super::constraints::Term::is_empty)),
        ),
    ];
    exemptions
        .into_iter()
        .find_map(|(reason, applies)| applies.then_some(reason))
}

/// Whether a namespace has opted in.
#[must_use]
pub fn opted_in(labels: &NamespaceLabels) -> bool {
    labels
        .get(INJECTION_LABEL)
        .is_some_and(|value| value == "enabled")
}

/// Whether the pod has one of the two priority classes that keep a cluster alive. Anyone can name them.
#[must_use]
pub fn is_system_critical(spec: &Spec<'_>) -> bool {
    matches!(
        spec.priority_class_name.as_ref(),
        "system-node-critical" | "system-cluster-critical"
    )
}

/// Whether the pod constrains the label, and no alternative admits the value.
fn excludes(spec: &Spec<'_>, key: &str, value: &str) -> bool {
    let mut alternatives = spec.alternatives().peekable();
    alternatives.peek().is_some() && alternatives.all(|alternative| !alternative.admits(key, value))
}

/// Fargate's and hybrid nodes are not Karpenter's; `compute-type: auto` is Auto Mode, which is (R3.5).
fn on_foreign_compute(spec: &Spec<'_>) -> bool {
    selects_every_way(spec, COMPUTE_TYPE, |value| value != "auto")
}

fn on_virtual_node(spec: &Spec<'_>) -> bool {
    selects_every_way(spec, "type", |value| value == "virtual-kubelet")
        || spec
            .tolerations()
            .iter()
            .any(|toleration| toleration.key.as_ref() == "virtual-kubelet.io/provider")
}

/// Whether every alternative lists values for the label, all of which pass the test.
fn selects_every_way(spec: &Spec<'_>, key: &str, test: impl Fn(&str) -> bool) -> bool {
    let selects = |requirement: &super::requirement::Requirement<'_>| {
        requirement.operator == Operator::In && requirement.values.iter().all(|value| test(value))
    };
    let mut alternatives = spec.alternatives().peekable();
    alternatives.peek().is_some()
        && alternatives
            .all(|alternative| alternative.on(key).any(|requirement| selects(&requirement)))
}

/// A pod pinned to a host can only go to a node that is there already: Karpenter makes none for it (R3.7).
fn pins_host(spec: &Spec<'_>) -> bool {
    let mut alternatives = spec.alternatives().peekable();
    let pins = |operator| matches!(operator, Operator::In | Operator::Exists);
    alternatives.peek().is_some()
        && alternatives.all(|alternative| {
            alternative
                .on(HOSTNAME)
                .any(|requirement| pins(requirement.operator))
        })
}
