//! The borrowed view of pods and of the workloads that make them. It holds only the fields that placement reads.
//!
//! The view is lenient, since others wrote the object: `null` counts as absent, and unknown fields are skipped. It
//! refuses only an object that the API server never sends: one with a field of another type, or with a key twice
//! (R6.8).

mod affinity;
mod alternatives;
mod demands;
mod expression;
mod label_selector;
mod labels;
mod metadata;
mod namespace;
mod pod_affinity;
mod resources;
mod spec;
mod toleration;
mod topology;
mod view;
mod workload;

pub use affinity::{Affinity, NodeAffinity, PreferredTerm, Term};
pub use alternatives::Alternative;
pub use demands::{asks_for_instances, demands, demands_instances, implied};
pub use labels::{Annotations, Labels, NodeSelector};
pub use metadata::{Controller, Metadata};
pub use namespace::{Namespace, NamespaceLabels, Namespaces};
pub use pod_affinity::PodAffinityTerm;
pub use resources::Resources;
pub use spec::{Spec, Template};
pub use toleration::Toleration;
pub use topology::{MOST_TOPOLOGY_KEYS, TopologySpread};
pub use view::Pod;
pub use workload::{Kind, PodPlace, Workload};
