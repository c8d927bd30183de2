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

/// The capacity types that Karpenter knows.
pub const CAPACITY_TYPES: [&str; 3] = ["spot", "on-demand", "reserved"];

/// The capacity types that AWS does not take away.
pub const LASTING: [&str; 2] = ["on-demand", "reserved"];

/// The label that carries the name of a node's instance type.
pub const INSTANCE_TYPE: &str = "node.kubernetes.io/instance-type";

/// The label that carries a node's availability zone.
pub const ZONE: &str = "topology.kubernetes.io/zone";

/// The label by which Auto Mode tells its nodes from others.
pub const COMPUTE_TYPE: &str = "eks.amazonaws.com/compute-type";

/// Labels that every node has, even if its node pool does not mention them. A pod that demands their absence fits no
/// node.
pub(crate) const ALWAYS_PRESENT: [&str; 5] = [
    ARCH,
    OS,
    INSTANCE_TYPE,
    "topology.kubernetes.io/region",
    ZONE,
];

/// True if every node has the label, even one that Karpenter did not make. The key is canonical.
#[must_use]
pub fn on_every_node(key: &str) -> bool {
    key == HOSTNAME || ALWAYS_PRESENT.contains(&key)
}

/// Returns the canonical key of a label: the newer one if the key is an older alias, and the key itself if not. The EBS
/// driver's label for the zone is an alias to Karpenter's AWS provider. Karpenter and kube-scheduler both know the
/// canonical key.
#[must_use]
pub fn canonical(key: &str) -> &str {
    match key {
        "beta.kubernetes.io/arch" => ARCH,
        "beta.kubernetes.io/os" => OS,
        "beta.kubernetes.io/instance-type" => INSTANCE_TYPE,
        "failure-domain.beta.kubernetes.io/region" => "topology.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone" | "topology.ebs.csi.aws.com/zone" => ZONE,
        other => other,
    }
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
