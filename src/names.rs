//! The names of the objects that are shipped, as a cluster sees them.

/// The name of both webhook configurations. It sorts last, so that berth sees what other webhooks have changed.
pub const SHIPPED_NAME: &str = "zz-berth";
/// The namespace of an installation.
pub const SHIPPED_NAMESPACE: &str = "berth-system";
/// The Service in front of the replicas. berth makes its own certificate for no other.
pub const SERVICE: &str = "berth";
