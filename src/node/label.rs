//! Labels of nodes: the grammar of keys and values, the names that Kubernetes and Karpenter give them, and which of
//! them every node has.

use crate::encoding::field::FieldError;

/// The label that carries a node's architecture.
pub const ARCH: &str = "kubernetes.io/arch";

/// The label that carries a node's operating system.
pub const OS: &str = "kubernetes.io/os";

/// The label that carries the name of a node's node pool, where Karpenter makes the node.
pub const NODE_POOL: &str = "karpenter.sh/nodepool";

/// The label that carries a node's own name.
pub const HOSTNAME: &str = "kubernetes.io/hostname";

/// The label that says how a node is paid for.
pub const CAPACITY_TYPE: &str = "karpenter.sh/capacity-type";

/// Labels that every node has, whatever its node pool says, so that their absence can never be met.
const ALWAYS_PRESENT: [&str; 5] = [
    ARCH,
    OS,
    "node.kubernetes.io/instance-type",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
];

/// Whether every node has the label, whoever made it. The key is canonical.
#[must_use]
pub fn on_every_node(key: &str) -> bool {
    key == HOSTNAME || ALWAYS_PRESENT.contains(&key)
}

/// The name under which Karpenter and kube-scheduler both know a label that has an older alias.
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

/// Beginnings of the labels that Karpenter's AWS provider and EKS Auto Mode know from the instance types. The domains hold
/// others, such as those of managed node groups, which no node pool can make.
const OF_INSTANCE_TYPES: [&str; 7] = [
    "karpenter.k8s.aws/instance-",
    "karpenter.k8s.aws/capacity-reservation-",
    "karpenter.k8s.aws/placement-group-",
    "eks.amazonaws.com/instance-",
    "eks.amazonaws.com/capacity-reservation-",
    "eks.amazonaws.com/compute-type",
    "eks.amazonaws.com/nodeclass",
];

/// Whether a node pool whose nodes carry its name as `node_label` makes no node without the label.
pub(super) fn always_present(key: &str, node_label: &str) -> bool {
    key == node_label
        || ALWAYS_PRESENT.contains(&key)
        || (key == CAPACITY_TYPE && node_label == NODE_POOL)
}

/// Whether the label is known from the instance types, so that a node pool need not mention it. Nodes that Karpenter makes
/// have more such labels than others.
pub(super) fn well_known(key: &str, node_label: &str) -> bool {
    always_present(key, node_label)
        || key == "node.kubernetes.io/windows-build"
        || key == "topology.k8s.aws/zone-id"
        || (node_label == NODE_POOL
            && OF_INSTANCE_TYPES
                .iter()
                .any(|beginning| key.starts_with(beginning)))
}

/// Whether Karpenter refuses a pod for naming the label at all, with whatever operator and in whichever of its terms
/// (R7.4). The key is canonical.
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

/// The longest label value, and name of a label.
pub(crate) const LONGEST_NAME: usize = 63;

/// The longest label key that berth takes. Kubernetes allows a prefix of as many and a name beside it.
pub(crate) const LONGEST_KEY: usize = 253;

/// What [`valid_value`] takes, the empty one left out, as a regular expression.
pub(crate) const NAME_PATTERN: &str = r"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$";

/// What [`valid_value`] takes.
pub(crate) const VALUE_PATTERN: &str = r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$";

/// What [`valid_key`] takes.
pub(crate) const KEY_PATTERN: &str = r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$";

/// The validations of a map whose keys are label keys: a schema has nothing to say of keys by itself.
pub(crate) fn key_validations() -> serde_json::Value {
    serde_json::json!([{
        "rule": format!("self.all(key, key.size() <= {LONGEST_KEY} && key.matches(r'{KEY_PATTERN}'))"),
        "message": "a key is not a label key",
    }])
}

/// Whether the text is a label key: an optional DNS subdomain and `/`, then a name of at most 63 characters; 253 in all.
///
/// # Errors
/// What is wrong with it.
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

/// Whether the text is a label value: empty, or a name of at most 63 characters.
///
/// # Errors
/// What is wrong with it.
pub fn valid_value(value: &str) -> Result<(), FieldError> {
    if value.is_empty() || is_name(value) {
        Ok(())
    } else {
        Err(FieldError::new(format!("{value:?} is not a label value")))
    }
}

/// Letters, digits, `-`, `_` and `.`, with a letter or a digit at both ends; 63 characters at most.
fn is_name(text: &str) -> bool {
    text.len() <= LONGEST_NAME
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.ends_with(|last: char| last.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || "-_.".contains(char))
}

/// Lower-case DNS labels joined by dots; 253 characters at most.
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
