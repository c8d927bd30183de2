//! Where a policy comes from: its file, the cluster, or the binary itself.

use serde_json::Value;

use super::bounds;
use super::effective::Policy;
use super::file::{PolicyFile, PolicySpec};
use crate::encoding::field::FieldError;
use crate::encoding::yaml;
use crate::named::named;
use crate::node::{Catalogue, NodePool};

/// The default policy.
const POLICY: &str = include_str!("../../deploy/policy.yaml");

/// The node pools of the default policy.
const NODE_POOLS: [&str; 6] = [
    include_str!("../../deploy/platforms/karpenter/amd64-default.yaml"),
    include_str!("../../deploy/platforms/karpenter/arm64-default.yaml"),
    include_str!("../../deploy/platforms/karpenter/truemark-amd64.yaml"),
    include_str!("../../deploy/platforms/karpenter/truemark-arm64.yaml"),
    include_str!("../../deploy/platforms/karpenter/amd64-batch.yaml"),
    include_str!("../../deploy/platforms/karpenter/arm64-batch.yaml"),
];

named! {
    /// Where a policy comes from, the first that there is.
    pub enum Source {
        /// The file of `--policy`.
        Flag = "flag",
        /// The `PlacementPolicy` of the cluster.
        Cluster = "cluster",
        /// What is compiled in.
        Embedded = "embedded",
    }
}

/// Reads a policy from its file's text, and the static catalogue entries that it holds.
///
/// # Errors
/// The first field that is wrong, and why.
pub fn read_policy(text: &str) -> Result<(Policy, Catalogue), FieldError> {
    read_policy_object(yaml::parse(text)?)
}

/// Reads a policy from a whole object, as [`read_policy`] does from its text.
///
/// # Errors
/// The first field that is wrong, and why.
pub fn read_policy_object(object: Value) -> Result<(Policy, Catalogue), FieldError> {
    bounds::check_bounds(&object["spec"])?;
    let file: PolicyFile = yaml::from_value(object)?;
    Policy::from_file(file)
}

/// Reads a policy from the `spec` of a custom resource, and the static catalogue entries that it holds.
///
/// # Errors
/// The first field that is wrong, its path from `spec` on, and why.
pub fn read_policy_spec(spec: Value) -> Result<(Policy, Catalogue), FieldError> {
    bounds::check_bounds(&spec)?;
    let spec: PolicySpec = yaml::from_value(spec).map_err(|error| error.in_field("spec"))?;
    Policy::from_spec(spec)
}

/// Adds the `NodePool` objects of a YAML stream to a catalogue, passing over objects of other kinds.
///
/// # Errors
/// The first node pool that cannot be read, or whose name is there already.
pub fn read_node_pools(stream: &str, catalogue: &mut Catalogue) -> Result<(), FieldError> {
    for document in yaml::documents(stream) {
        let value = yaml::parse(document.text)
            .map_err(|error| FieldError::new(format!("line {}: {error}", document.line)))?;
        // What `kubectl get` prints of several is a list.
        let objects = match value {
            Value::Object(mut list)
                if list
                    .get("kind")
                    .and_then(Value::as_str)
                    .is_some_and(is_list) =>
            {
                match list.remove("items") {
                    Some(Value::Array(items)) => items,
                    _ => Vec::new(),
                }
            }
            object => vec![object],
        };
        for object in objects {
            if is_node_pool(&object) {
                let name = object.pointer("/metadata/name").and_then(Value::as_str);
                let name = name.unwrap_or_default().to_owned();
                NodePool::from_object(object)
                    .and_then(|node_pool| catalogue.insert(node_pool))
                    .map_err(|error| FieldError::new(format!("node pool {name:?}: {error}")))?;
            }
        }
    }
    Ok(())
}

fn is_list(kind: &str) -> bool {
    matches!(kind, "List" | "NodePoolList")
}

fn is_node_pool(object: &Value) -> bool {
    let field = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    field("kind") == "NodePool" && field("apiVersion").starts_with("karpenter.sh/")
}

/// The default policy, compiled in.
///
/// # Errors
/// Never for a build whose tests pass.
pub fn embedded_policy() -> Result<(Policy, Catalogue), FieldError> {
    read_policy(POLICY)
}

/// The default policy's node pools, compiled in.
///
/// # Errors
/// Never for a build whose tests pass.
pub fn embedded_node_pools() -> Result<Catalogue, FieldError> {
    let mut catalogue = Catalogue::default();
    for text in NODE_POOLS {
        read_node_pools(text, &mut catalogue)?;
    }
    Ok(catalogue)
}
