//! The architecture that a label asks for: the pod's own, or else that of its namespace.

use std::fmt;

use crate::label::ARCH;
use crate::names::ARCH_LABEL;
use crate::pod::{Namespace, Pod};
use crate::policy::{Architecture, Policy};

/// A label that asks for an architecture and names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownArchitecture<'a> {
    /// The object that carries the label.
    pub holder: Holder,
    /// The label's value.
    pub name: &'a str,
}

/// The object whose label asks for an architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// The pod, or the template that makes it.
    Pod,
    /// The pod's namespace.
    Namespace,
}

impl fmt::Display for UnknownArchitecture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = match self.holder {
            Holder::Pod => "label",
            Holder::Namespace => "namespace label",
        };
        let name = self.name;
        write!(
            f,
            "{label} {ARCH_LABEL}: {name:?} names no known architecture"
        )
    }
}

/// Returns the architecture that a label asks for, for the alternatives of the pod that constrain none; `None` if
/// neither the pod nor its namespace has the label, or if nothing depends on it. The pod's label comes first.
///
/// # Errors
/// If the label names no architecture and some alternative constrains none.
pub fn asked_architecture<'a>(
    pod: &Pod<'a>,
    namespace: &Namespace<'a>,
    policy: &Policy,
) -> Result<Option<Architecture>, UnknownArchitecture<'a>> {
    let of_namespace = || namespace.labels.and_then(|labels| labels.get(ARCH_LABEL));
    let (holder, name) = if let Some(name) = pod.metadata.label(ARCH_LABEL) {
        (Holder::Pod, name)
    } else if let Some(name) = of_namespace() {
        (Holder::Namespace, name)
    } else {
        return Ok(None);
    };
    if let Some(choice) = policy.architecture(name) {
        return Ok(Some(choice));
    }
    let mut alternatives = pod.spec.alternatives();
    if alternatives.all(|alternative| alternative.constrains(ARCH)) {
        return Ok(None);
    }
    Err(UnknownArchitecture { holder, name })
}
