//! The form of a drafted policy.

/// The document that holds the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A `PlacementPolicy`.
    Object,
    /// Values of the Helm chart.
    Values,
}
