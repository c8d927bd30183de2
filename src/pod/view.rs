//! A pod, as placement sees it.

use super::metadata::{Controller, Metadata};
use super::spec::Spec;

/// A pod, or the pods that a template will make.
#[derive(Debug, Clone, Copy)]
pub struct Pod<'a> {
    /// The metadata of the pod or of the template.
    pub metadata: &'a Metadata<'a>,
    /// The pod's spec.
    pub spec: &'a Spec<'a>,
    /// The pod's controller, by group and kind.
    pub controller: Option<Controller<'a>>,
}
