//! A pod, as placement sees it.

use std::fmt;

use super::metadata::Metadata;
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

/// A controller's API group and kind: never the kind alone, which other groups use too (R1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Controller<'a> {
    /// The API group; empty for the core group.
    pub group: &'a str,
    /// The kind.
    pub kind: &'a str,
}

impl fmt::Display for Controller<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, kind } = self;
        if group.is_empty() {
            f.write_str(kind)
        } else {
            write!(f, "{group}/{kind}")
        }
    }
}
