//! The borrowed view of a pod and of what makes pods: what placement reads of them, and nothing else.
//!
//! The view is lenient, since others wrote the object: `null` is the same as absent, unknown fields are passed over.
//! It refuses what the API server never sends: a field of another type, a key that stands twice (R6.8).

mod affinity;
mod alternatives;
mod labels;
mod metadata;
mod namespace;

mod spec;
mod toleration;
mod view;
mod workload;

pub use affinity::{Affinity, NodeAffinity, PreferredTerm, Term};
pub use alternatives::Alternative;
pub use labels::{Keys, Labels, NodeSelector};
pub use metadata::{Controller, Metadata};
pub use namespace::{Namespace, NamespaceLabels, Namespaces};
pub use spec::{Spec, Template};
pub use toleration::Toleration;
pub use view::Pod;
pub use workload::{Kind, PodPlace, Workload};
