//! A stand-in for EKS Auto Mode, whose Karpenter AWS does not publish: the provider for AWS with another API group.
//!
//! The group is the domain of the provider's labels, and the one that its definitions restrict. So this Karpenter knows
//! `eks.amazonaws.com/instance-cpu`, and `karpenter.k8s.aws/instance-cpu` is anybody's label to it.

use serde_json::Value;

const OWN: &str = "karpenter.k8s.aws";
const AUTO_MODE: &str = "eks.amazonaws.com";

/// Returns an object with each of the two domains in place of the other, wherever they occur.
pub(crate) fn of(object: Value) -> Value {
    const NEITHER: &str = "neither.invalid";
    let text = object.to_string().replace(OWN, NEITHER);
    let text = text.replace(AUTO_MODE, OWN).replace(NEITHER, AUTO_MODE);
    // The text has as many quotes as before, each at its place.
    serde_json::from_str(&text).unwrap_or(object)
}
