//! The sources of a policy (a file, the cluster, the binary itself) and the readers of its texts.

use serde_json::Value;

use super::effective::Policy;
use super::file::{PolicyFile, PolicySpec};
use super::shape;
use crate::encoding::field::{FieldError, Segment};
use crate::encoding::wording::clipped;
use crate::encoding::{strict, yaml};
use crate::named::named;
use crate::names::{API_VERSION, KIND};
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
    read_policy_object(&yaml::parse(text)?)
}

/// Reads a policy, and its static catalogue, from a whole object.
///
/// # Errors
/// If a field is wrong. The error is that of the first such field.
pub fn read_policy_object(object: &Value) -> Result<(Policy, Catalogue), FieldError> {
    of_object(object).map_err(first)
}

/// Reads a policy, and its static catalogue, from the `spec` of a custom resource.
///
/// # Errors
/// If a field is wrong. The error is that of the first such field, and its path begins with `spec`.
pub fn read_policy_spec(spec: &Value) -> Result<(Policy, Catalogue), FieldError> {
    of_spec(spec).map_err(first)
}

/// Reads a policy, and its static catalogue, from a whole object.
///
/// # Errors
/// If fields are wrong. There is an error for each of them that can be told without the others.
pub fn examine_policy(object: &Value) -> Result<(Policy, Catalogue), Vec<FieldError>> {
    of_object(object)
}

/// Returns the default policy, which is compiled in, and its static catalogue.
///
/// # Errors
/// Never in a build whose tests pass.
pub fn embedded_policy() -> Result<(Policy, Catalogue), FieldError> {
    read_policy(POLICY)
}

/// Returns the default policy as the object that it is written as.
///
/// # Errors
/// Never in a build whose tests pass.
pub fn embedded_policy_object() -> Result<Value, FieldError> {
    yaml::parse(POLICY)
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

fn of_object(object: &Value) -> Result<(Policy, Catalogue), Vec<FieldError>> {
    let PolicyFile {
        api_version,
        kind,
        metadata: _,
        spec,
        status: _,
    } = strict::from_value(object).map_err(|error| vec![error])?;
    let other = |found: &str, field: &str, only: &str| {
        vec![FieldError::new(format!("{:?} is not {only}", clipped(found))).in_field(field)]
    };
    if api_version != API_VERSION {
        return Err(other(&api_version, "apiVersion", API_VERSION));
    }
    if kind != KIND {
        return Err(other(&kind, "kind", KIND));
    }
    of_spec(&spec)
}

fn of_spec(spec: &Value) -> Result<(Policy, Catalogue), Vec<FieldError>> {
    let misshapen = shape::misshapen(spec);
    let read = if misshapen.is_empty() {
        let file: Result<PolicySpec, _> = strict::from_value(spec);
        file.map_err(|error| vec![error])
            .and_then(Policy::from_spec)
    } else {
        Err(misshapen)
    };
    let told = |error| naming(error, spec).in_field("spec");
    read.map_err(|errors| errors.into_iter().map(told).collect())
}

/// Returns the first of the errors. There is one at least.
fn first(errors: Vec<FieldError>) -> FieldError {
    let mut errors = errors.into_iter();
    errors.next().unwrap_or_else(|| FieldError::new("is wrong"))
}

/// Names the rule, the pool or the node pool that an error is in: its author knows it by name, and not by number.
fn naming(mut error: FieldError, spec: &Value) -> FieldError {
    let [Segment::Key(list), Segment::Index(index), ..] = &error.path.0[..] else {
        return error;
    };
    let what = match list.as_str() {
        "rules" => "rule",
        "pools" => "pool",
        "catalogue" => "node pool",
        _ => return error,
    };
    let name = spec[list][index]["name"].as_str().unwrap_or_default();
    let quoted = format!("{:?}", clipped(name));
    // A message about the name itself begins with it.
    if !name.is_empty() && !error.message.starts_with(&quoted) {
        error.message.insert_str(0, &format!("{what} {quoted}: "));
    }
    error
}
