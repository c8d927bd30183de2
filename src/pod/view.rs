//! The pod that placement decides on.

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
