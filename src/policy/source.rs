//! The sources of a policy (a file, the cluster, the binary itself) and the readers of its texts.

use serde_json::Value;

use super::bounds;
use super::effective::Policy;
use super::file::{PolicyFile, PolicySpec};
use crate::encoding::field::FieldError;
use crate::encoding::yaml;
use crate::named::named;
use crate::node::{Catalogue, NodePool};

/// The text of the default policy.
const POLICY: &str = include_str!("../../deploy/policy.yaml");

/// The manifests of the default policy's node pools.
const NODE_POOLS: [&str; 6] = [
    include_str!("../../deploy/platforms/karpenter/amd64-default.yaml"),
    include_str!("../../deploy/platforms/karpenter/arm64-default.yaml"),
    include_str!("../../deploy/platforms/karpenter/truemark-amd64.yaml"),
    include_str!("../../deploy/platforms/karpenter/truemark-arm64.yaml"),
    include_str!("../../deploy/platforms/karpenter/amd64-batch.yaml"),
    include_str!("../../deploy/platforms/karpenter/arm64-batch.yaml"),
];

named! {
    /// The source of a policy. berth uses the first of these that exists.
    pub enum Source {
        /// The file of `--policy`.
        Flag = "flag",
        /// The `PlacementPolicy` object of the cluster.
        Cluster = "cluster",
        /// The default policy, compiled in.
        Embedded = "embedded",
    }
}

/// Reads a policy, and its static catalogue, from the text of a file.
///
/// # Errors
/// If the text is not YAML, or a field is wrong. The error is that of the first such field.
pub fn read_policy(text: &str) -> Result<(Policy, Catalogue), FieldError> {
    read_policy_object(yaml::parse(text)?)
}

/// Reads a policy, and its static catalogue, from a whole object.
///
/// # Errors
/// If a field is wrong. The error is that of the first such field.
pub fn read_policy_object(object: Value) -> Result<(Policy, Catalogue), FieldError> {
    bounds::check_bounds(&object["spec"])?;
    let file: PolicyFile = yaml::from_value(object)?;
    Policy::from_file(file)
}

/// Reads a policy, and its static catalogue, from the `spec` of a custom resource.
///
/// # Errors
/// If a field is wrong. The error is that of the first such field, and its path begins with `spec`.
pub fn read_policy_spec(spec: Value) -> Result<(Policy, Catalogue), FieldError> {
    bounds::check_bounds(&spec)?;
    let spec: PolicySpec = yaml::from_value(spec).map_err(|error| error.in_field("spec"))?;
    Policy::from_spec(spec)
}

/// Returns the default policy, which is compiled in, and its static catalogue.
///
/// # Errors
/// Never in a build whose tests pass.
pub fn embedded_policy() -> Result<(Policy, Catalogue), FieldError> {
    read_policy(POLICY)
}

/// Returns the default policy's node pools, which are compiled in.
///
/// # Errors
/// Never in a build whose tests pass.
pub fn embedded_node_pools() -> Result<Catalogue, FieldError> {
    let mut catalogue = Catalogue::default();
    for text in NODE_POOLS {
        catalogue.insert(NodePool::from_object(yaml::parse(text)?)?)?;
    }
    Ok(catalogue)
}
