//! The labels of nodes: their grammar, their well-known keys, and the nodes that have them.

use crate::encoding::field::FieldError;

/// The label that carries a node's architecture.
pub const ARCH: &str = "kubernetes.io/arch";

/// The label that carries a node's operating system.
pub const OS: &str = "kubernetes.io/os";

/// The label that carries the name of a node's node pool on the nodes that Karpenter makes.
pub const NODE_POOL: &str = "karpenter.sh/nodepool";

/// The label that carries a node's own name.
pub const HOSTNAME: &str = "kubernetes.io/hostname";

/// The label that says how a node is paid for: `spot`, `on-demand` or `reserved`.
pub const CAPACITY_TYPE: &str = "karpenter.sh/capacity-type";

/// Labels that every node has, even if its node pool does not mention them. A pod that demands their absence fits no
/// node.
const ALWAYS_PRESENT: [&str; 5] = [
    ARCH,
    OS,
    "node.kubernetes.io/instance-type",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
];

/// True if every node has the label, even one that Karpenter did not make. The key is canonical.
#[must_use]
pub fn on_every_node(key: &str) -> bool {
    key == HOSTNAME || ALWAYS_PRESENT.contains(&key)
}

/// Returns the canonical key of a label: the newer one if the key is an older alias, and the key itself if not.
/// Karpenter and kube-scheduler both know the canonical key.
#[must_use]
pub fn canonical(key: &str) -> &str {
    match key {
        "beta.kubernetes.io/arch" => ARCH,
        "beta.kubernetes.io/os" => OS,
        "beta.kubernetes.io/instance-type" => "node.kubernetes.io/instance-type",
        "failure-domain.beta.kubernetes.io/region" => "topology.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone" => "topology.kubernetes.io/zone",
        other => other,
    }
}

/// Prefixes of the labels that Karpenter's AWS provider and EKS Auto Mode derive from the instance type. Other labels
/// of these domains, such as those of managed node groups, are on no node that a node pool makes.
const INSTANCE_TYPE_PREFIXES: [&str; 7] = [
    "karpenter.k8s.aws/instance-",
    "karpenter.k8s.aws/capacity-reservation-",
    "karpenter.k8s.aws/placement-group-",
    "eks.amazonaws.com/instance-",
    "eks.amazonaws.com/capacity-reservation-",
    "eks.amazonaws.com/compute-type",
    "eks.amazonaws.com/nodeclass",
];

/// True if all nodes of a node pool have the label. They carry the node pool's name as `node_label`.
pub(super) fn always_present(key: &str, node_label: &str) -> bool {
    key == node_label
        || ALWAYS_PRESENT.contains(&key)
        || (key == CAPACITY_TYPE && node_label == NODE_POOL)
}

/// True if nodes can have the label although their node pool does not mention it. The nodes that Karpenter makes, those
/// whose `node_label` is its own, have more such labels than others.
pub(super) fn well_known(key: &str, node_label: &str) -> bool {
    always_present(key, node_label)
        || key == "node.kubernetes.io/windows-build"
        || key == "topology.k8s.aws/zone-id"
        || (node_label == NODE_POOL
            && INSTANCE_TYPE_PREFIXES
                .iter()
                .any(|prefix| key.starts_with(prefix)))
}

/// True if Karpenter refuses a pod that names the label at all, with any operator and in any of its terms (R7.4). The
/// key is canonical.
#[must_use]
pub fn is_restricted(key: &str) -> bool {
    let domain = key.split_once('/').map_or("", |(domain, _)| domain);
    let reserved = ["karpenter.sh", "karpenter.k8s.aws"].iter().any(|owner| {
        domain
            .strip_suffix(owner)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    key == HOSTNAME || (reserved && !well_known(key, NODE_POOL))
}

/// The length of the longest label value, and of the longest key without its prefix.
pub(crate) const LONGEST_NAME: usize = 63;

/// The length of the longest label key that berth takes. Kubernetes allows a prefix of that length, with a name after
/// it.
pub(crate) const LONGEST_KEY: usize = 253;

/// The pattern of a label value that is not empty: [`valid_value`] as a regular expression, without the empty text.
pub(crate) const NONEMPTY_VALUE_PATTERN: &str = r"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$";

/// The pattern of a label value: [`valid_value`] as a regular expression.
pub(crate) const VALUE_PATTERN: &str = r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$";

/// The pattern of a label key: [`valid_key`] as a regular expression, but for the length.
pub(crate) const KEY_PATTERN: &str = r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$";

/// Returns the CEL rules for a map whose keys are label keys. The keywords of a schema cannot constrain the keys of a
/// map.
pub(crate) fn key_validations() -> serde_json::Value {
    serde_json::json!([{
        "rule": format!("self.all(key, key.size() <= {LONGEST_KEY} && key.matches(r'{KEY_PATTERN}'))"),
        "message": "a key is not a label key",
    }])
}

/// Checks that the text is a label key: an optional DNS subdomain and `/`, then a name of at most 63 characters, and at
/// most 253 characters in all.
///
/// # Errors
/// If it is not.
pub fn valid_key(key: &str) -> Result<(), FieldError> {
    let (prefix, name) = key
        .split_once('/')
        .map_or((None, key), |(prefix, name)| (Some(prefix), name));
    if key.len() > LONGEST_KEY
        || prefix.is_some_and(|prefix| !is_subdomain(prefix))
        || name.is_empty()
        || !is_name(name)
    {
        return Err(FieldError::new(format!("{key:?} is not a label key")));
    }
    Ok(())
}

/// Checks that the text is a label value: empty, or a name of at most 63 characters.
///
/// # Errors
/// If it is not.
pub fn valid_value(value: &str) -> Result<(), FieldError> {
    if value.is_empty() || is_name(value) {
        Ok(())
    } else {
        Err(FieldError::new(format!("{value:?} is not a label value")))
    }
}

/// True if the text has 1 to 63 characters, all of them letters, digits, `-`, `_` and `.`, with a letter or digit at
/// both ends.
fn is_name(text: &str) -> bool {
    text.len() <= LONGEST_NAME
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.ends_with(|last: char| last.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || "-_.".contains(char))
}

/// True if the text is a DNS subdomain: lower-case DNS labels joined by dots, at most 253 characters in all.
#[must_use]
pub fn is_subdomain(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            !label.starts_with('-')
                && !label.ends_with('-')
                && !label.is_empty()
                && label
                    .chars()
                    .all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-')
        })
}

#[cfg(test)]
mod tests {
    use super::is_restricted;

    #[test]
    fn karpenters_own_labels_are_restricted() {
        for key in [
            "kubernetes.io/hostname",
            "karpenter.sh/initialized",
            "node.karpenter.sh/x",
            "karpenter.k8s.aws/ec2nodeclass",
        ] {
            assert!(is_restricted(key), "{key}");
        }
        for key in [
            "karpenter.sh/nodepool",
            "karpenter.sh/capacity-type",
            "karpenter.k8s.aws/instance-cpu",
            "mykarpenter.sh/x",
            "eks.amazonaws.com/nodegroup",
            "hostname",
        ] {
            assert!(!is_restricted(key), "{key}");
        }
    }
}
