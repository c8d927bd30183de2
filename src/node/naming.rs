//! The names of node pools, and the labels by which nodes carry them.

use crate::encoding::field::FieldError;
use crate::label::{COMPUTE_TYPE, LONGEST_NAME, is_subdomain, valid_key};

/// The pattern of a node pool's name: [`valid_node_pool_name`] as a regular expression, but for the length.
pub(crate) const NODE_POOL_NAME_PATTERN: &str =
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/// Checks that the text can name a node pool: it must be a DNS subdomain that is short enough for a label's value.
///
/// # Errors
/// If it is not.
pub(crate) fn valid_node_pool_name(name: &str) -> Result<(), FieldError> {
    if is_subdomain(name) && name.len() <= LONGEST_NAME {
        Ok(())
    } else {
        Err(FieldError::new(format!(
            "{name:?} is not the name of a node pool"
        )))
    }
}

/// Labels that cannot carry a node pool's name, since berth gives them another meaning. Those of Kubernetes' own domain
/// are not listed: they all cannot.
const NOT_NODE_LABELS: [&str; 2] = ["type", COMPUTE_TYPE];

/// Returns [`valid_node_label`] as CEL rules, but for the pattern of a key.
pub(super) fn node_label_validations() -> serde_json::Value {
    serde_json::json!([{
        "rule": format!(
            "!self.matches('^([^/]*[.])?kubernetes[.]io/') && !(self in {NOT_NODE_LABELS:?})"
        ),
        "message": "a label of Kubernetes' own, or of a kind of compute, names no node pools",
    }])
}

/// Checks that a label can carry the name of a node's node pool. A label that describes the node itself, to berth or to
/// Karpenter, cannot.
pub(super) fn valid_node_label(key: &str) -> Result<(), FieldError> {
    valid_key(key)?;
    let domain = key.split_once('/').map_or("", |(domain, _)| domain);
    let of_kubernetes = domain
        .strip_suffix("kubernetes.io")
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if of_kubernetes || NOT_NODE_LABELS.contains(&key) {
        return Err(FieldError::new(format!(
            "{key:?} is a label that names no node pools"
        )));
    }
    Ok(())
}
