//! A revision of a workload, as the checks see it.

use crate::placement::{Decision, Snapshot};
use crate::pod::{Namespace, Pod, Workload};

/// A revision of a workload: the object of a request, or the old object that an UPDATE replaces.
#[derive(Debug, Clone, Copy)]
pub struct Revision<'a> {
    /// The pods, and their place in the object.
    pub workload: &'a Workload<'a>,
    /// The namespace that the request names.
    pub namespace: Namespace<'a>,
    /// The state by which both revisions are judged.
    pub snapshot: &'a Snapshot,
    /// The decision for the pods.
    pub decision: &'a Decision<'a>,
}

impl<'a> Revision<'a> {
    pub(crate) fn pod(&self) -> &'a Pod<'a> {
        &self.workload.pod
    }

    /// Returns the path of a field of the pod, from the object's root.
    pub(crate) fn field(&self, field: &str) -> String {
        self.workload.place.field(field)
    }

    /// Returns the path of the field that selects by a label: the node selector, or else the affinity.
    pub(crate) fn selection_field(&self, key: &str) -> String {
        if self.pod().spec.selector_alone().constrains(key) {
            self.field(&format!("spec.nodeSelector[{key}]"))
        } else {
            self.field("spec.affinity.nodeAffinity")
        }
    }
}
