//! The pod that placement decides on.

use super::label_selector::Label;
use super::metadata::{Controller, Metadata};
use super::spec::Spec;

/// A pod, or the pods that a workload will make from a template.
#[derive(Debug, Clone, Copy)]
pub struct Pod<'a> {
    /// The metadata of the pod or of the template.
    pub metadata: &'a Metadata<'a>,
    /// The spec of the pod or of the template.
    pub spec: &'a Spec<'a>,
    /// The pod's controller, or the one that the pods of the template will have. `None` if no controller makes the pod.
    pub controller: Option<Controller<'a>>,
}

impl Pod<'_> {
    /// Returns a label that the pod will have: its own, or one of those `added`. In a template the labels that the
    /// controller gives its pods are open.
    pub(super) fn label<'l>(&'l self, key: &str, added: &[(&str, &'l str)]) -> Label<'l> {
        let added = || added.iter().find(|(listed, _)| *listed == key);
        let found = self.metadata.label(key);
        let found = found.or_else(|| added().map(|(_, value)| *value));
        let is_given = |controller| {
            let mut kinds = OF_CONTROLLER.iter();
            kinds.any(|(kind, keys)| *kind == controller && keys.contains(&key))
        };
        if found.is_none() && self.controller.is_some_and(is_given) {
            Label::Open
        } else {
            Label::Known(found)
        }
    }
}

/// The labels that a controller gives its pods besides those of their template, by the controller's kind.
const OF_CONTROLLER: [(Controller<'_>, &[&str]); 3] = [
    (controller("apps", "ReplicaSet"), &["pod-template-hash"]),
    (
        controller("apps", "StatefulSet"),
        &[
            "apps.kubernetes.io/pod-index",
            "controller-revision-hash",
            "statefulset.kubernetes.io/pod-name",
        ],
    ),
    (
        controller("batch", "Job"),
        &[
            "batch.kubernetes.io/controller-uid",
            "batch.kubernetes.io/job-completion-index",
            "batch.kubernetes.io/job-name",
            "controller-uid",
            "job-name",
        ],
    ),
];

const fn controller(group: &'static str, kind: &'static str) -> Controller<'static> {
    Controller { group, kind }
}
