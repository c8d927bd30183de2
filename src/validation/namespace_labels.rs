//! The labels of a namespace that berth would read if they were spelt right.
//!
//! No check reports them, since a check judges a workload. Whoever looks at namespaces asks here: their admission, the
//! policy's status, the metrics.

use super::own_labels::{FAULTS, name, nearest_name, shown};
use super::spelling::{architectures, means_disabled, meant_architecture};
use crate::encoding::spelling::nearest;
use crate::names::{ARCH_LABEL, DECISION_ANNOTATION, DOMAIN, INJECTION_LABEL, POOL_LABEL};
use crate::pod::NamespaceLabels;
use crate::policy::Policy;

/// A label of a namespace that has not the effect that its author most likely expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceFault {
    /// The key of the label, as its author wrote it.
    pub key: String,
    /// The value of the label, as its author wrote it.
    pub value: String,
    /// The fault and its remedy, in one line without control characters. It names the label and not the namespace.
    pub message: String,
}

/// Returns the faults in the labels of a namespace, sorted by key: keys of berth's domain that neither berth nor the
/// policy reads, and values that a key does not have.
///
/// A namespace that may not use the pool that it names has no fault of this kind.
#[must_use]
pub fn misspelt_namespace(labels: &NamespaceLabels, policy: &Policy) -> Vec<NamespaceFault> {
    let faults = labels.under(DOMAIN).filter_map(|(key, value)| {
        let what = fault(key, value, policy)?;
        let label = format!("{}={}", shown(key), shown(value));
        Some(NamespaceFault {
            key: key.to_owned(),
            value: value.to_owned(),
            message: format!("{label} {what}"),
        })
    });
    faults.take(FAULTS).collect()
}

/// Returns what is wrong with a label, as the rest of a sentence about it, and the remedy. `None` if nothing is.
fn fault(key: &str, value: &str, policy: &Policy) -> Option<String> {
    match key {
        INJECTION_LABEL => injection(value),
        ARCH_LABEL => architecture(value, policy),
        key if policy.reads_of_namespace(key) => pool(key, value, policy),
        POOL_LABEL => Some("has no effect: no rule of the policy reads it; remove it".to_owned()),
        DECISION_ANNOTATION => {
            Some("has no effect: berth writes it on pods, as an annotation; remove it".to_owned())
        }
        key => Some(unknown_key(key)),
    }
}

fn injection(value: &str) -> Option<String> {
    if matches!(value, "enabled" | "disabled") {
        return None;
    }
    let (effect, meant) = if means_disabled(value) {
        ("is not a value of this label", "disabled")
    } else {
        ("does not opt in", "enabled")
    };
    Some(format!("{effect}; write injection={meant}"))
}

fn architecture(value: &str, policy: &Policy) -> Option<String> {
    if policy.architecture(value).is_some() {
        return None;
    }
    let remedy = match meant_architecture(value, policy) {
        Some(meant) => format!("write arch={meant}"),
        None => format!("use one of {}", architectures(policy).join(", ")),
    };
    Some(format!("names no architecture; {remedy}"))
}

/// Judges a label from which a rule may read the pool.
fn pool(key: &str, value: &str, policy: &Policy) -> Option<String> {
    let mut rules = policy.rules().iter();
    let is_read = rules.any(|rule| rule.place.namespace_label() == Some(key));
    if !is_read || policy.pool(value).is_some() {
        return None;
    }
    let pools: Vec<&str> = policy.pools().iter().map(|pool| &*pool.name).collect();
    let remedy = match nearest(value, &pools) {
        Some(near) => format!("write {}={near}", shown(name(key))),
        None => format!("use one of {}", pools.join(", ")),
    };
    Some(format!("names no pool; {remedy}"))
}

fn unknown_key(key: &str) -> String {
    match nearest_name(key) {
        Some(near) => format!("is no label of berth's; did you mean {near}?"),
        None => "is no label of berth's; remove it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::misspelt_namespace;
    use crate::pod::NamespaceLabels;
    use crate::policy::{embedded_policy, embedded_policy_object, read_policy_object};

    /// Returns the messages about a namespace with these labels, by the embedded policy.
    fn messages(labels: &[(&str, &str)]) -> Vec<String> {
        let labels: NamespaceLabels = labels.iter().copied().collect();
        let (policy, _) = embedded_policy().unwrap();
        let faults = misspelt_namespace(&labels, &policy);
        faults.into_iter().map(|fault| fault.message).collect()
    }

    #[test]
    fn what_has_its_effect_is_no_fault() {
        for injection in ["enabled", "disabled"] {
            let found = messages(&[
                ("placement.truemark.io/injection", injection),
                ("placement.truemark.io/arch", "any"),
                ("placement.truemark.io/pool", "truemark"),
                ("injection", "true"),
                ("team", "data"),
            ]);
            assert_eq!(found, [""; 0]);
        }
    }

    /// A rule may go by a label of berth's domain whose value is no pool.
    #[test]
    fn a_value_that_a_rule_goes_by_is_no_fault() {
        let mut policy = embedded_policy_object().unwrap();
        let rules = policy["spec"]["rules"].as_array_mut().unwrap();
        let tier = json!({"matchLabels": {"placement.truemark.io/tier": "gold"}});
        rules.insert(0, json!({"name": "gold", "match": {"namespaceLabels": tier}, "place": {"leaveAlone": true}}));
        let (policy, _) = read_policy_object(&policy).unwrap();
        let labels = [("placement.truemark.io/tier", "gold")];
        let found = misspelt_namespace(&labels.into_iter().collect(), &policy);
        assert_eq!(found, []);
    }

    #[test]
    fn each_fault_is_one_line_with_its_remedy() {
        let told = [
            (
                "injection",
                "true",
                "does not opt in; write injection=enabled",
            ),
            (
                "injection",
                "Enabled",
                "does not opt in; write injection=enabled",
            ),
            ("injection", "", "does not opt in; write injection=enabled"),
            (
                "injection",
                "false",
                "is not a value of this label; write injection=disabled",
            ),
            (
                "arch",
                "graviton",
                "names no architecture; write arch=arm64",
            ),
            (
                "arch",
                "sparc",
                "names no architecture; use one of amd64, arm64, any",
            ),
            ("pool", "trumark", "names no pool; write pool=truemark"),
            (
                "pool",
                "gpu",
                "names no pool; use one of default, truemark, batch",
            ),
            (
                "pools",
                "batch",
                "is no label of berth's; did you mean pool?",
            ),
            ("owner", "me", "is no label of berth's; remove it"),
            (
                "decision",
                "x",
                "has no effect: berth writes it on pods, as an annotation; remove it",
            ),
        ];
        for (name, value, what) in told {
            let key = format!("placement.truemark.io/{name}");
            let others = [("app", "web"), ("zone", "a")];
            assert_eq!(
                messages(&[others[0], (&key, value), others[1]]),
                [format!("{key}={value} {what}")]
            );
        }
    }

    #[test]
    fn untrusted_text_is_bounded_and_clean() {
        let long = format!("placement.truemark.io/{}", "x".repeat(1000));
        let found = messages(&[(&long, "\u{1b}[31m"), ("placement.truemark.io/arch", &long)]);
        assert!(found.iter().all(|message| message.len() < 300), "{found:?}");
        assert!(!found.concat().contains('\u{1b}'), "{found:?}");
        let many: Vec<String> = (0..100)
            .map(|n| format!("placement.truemark.io/x{n}"))
            .collect();
        let many: Vec<(&str, &str)> = many.iter().map(|key| (&**key, "")).collect();
        assert_eq!(messages(&many).len(), 8);
    }
}
