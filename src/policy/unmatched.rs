//! Rules and pools whose conditions nothing meets, and rules that read the pool from a label that their pods may lack.

use super::effective::Policy;
use super::rule::{Match, Place, Rule};
use super::selector::Selector;
use crate::encoding::field::FieldError;
use crate::names::INJECTION_LABEL;

/// Returns the conditions of rules that no pod meets, and those of pools that no namespace meets. The message ends with the
/// remedy.
pub fn unmatched(policy: &Policy) -> impl Iterator<Item = FieldError> + '_ {
    let rules = policy.rules().iter().enumerate();
    let rules = rules.filter_map(|(position, rule)| {
        let (field, fault) = unmet(rule, |_| true)?;
        let name = &*rule.name;
        let message =
            format!("no pod meets rule {name:?}: {fault}; correct it, or remove the rule");
        let error = FieldError::new(message).in_field(field).in_field("match");
        Some(error.in_item(position).in_field("rules").in_field("spec"))
    });
    let pools = policy.pools().iter().enumerate();
    let pools = pools.filter_map(|(position, pool)| {
        let fault = of_namespaces(pool.namespaces.as_ref()?)?;
        let name = &*pool.name;
        let message =
            format!("no namespace may use pool {name:?}: {fault}; correct it, or remove the pool");
        let error = FieldError::new(message).in_field("namespaces");
        Some(error.in_item(position).in_field("pools").in_field("spec"))
    });
    rules.chain(pools)
}

/// Returns the rules that read the pool from a label that pods which they match may lack. The message ends with the remedy.
pub fn optional_labels(policy: &Policy) -> impl Iterator<Item = FieldError> + '_ {
    let rules = policy.rules().iter().enumerate();
    rules.filter_map(|(position, rule)| {
        let key = rule.place.label()?;
        let selector = rule.matches.labels.as_ref();
        if selector.is_some_and(|labels| !labels.admits(key, None)) {
            return None;
        }
        let message = format!(
            "rule {:?} reads the pool from the label {key}, and matches pods without it: berth leaves those as they are, and \
             no later rule gets them; match {{key: {key}, operator: Exists}}",
            &*rule.name
        );
        let error = FieldError::new(message).in_field("place");
        Some(error.in_item(position).in_field("rules").in_field("spec"))
    })
}

/// Returns a condition of a rule that surely no pod meets: its field, and its fault. A selector whose conditions
/// `may_compare` does not allow to be compared with one another counts as met.
pub(super) fn unmet(
    rule: &Rule,
    may_compare: impl Fn(&Selector) -> bool,
) -> Option<(&'static str, String)> {
    let Match {
        labels,
        controllers,
        namespace_labels,
        service_accounts,
        priority_classes,
    } = &rule.matches;
    let lists = [
        (
            "controllers",
            controllers.as_ref().is_some_and(Vec::is_empty),
        ),
        (
            "serviceAccounts",
            service_accounts.as_ref().is_some_and(Vec::is_empty),
        ),
        (
            "priorityClasses",
            priority_classes.as_ref().is_some_and(Vec::is_empty),
        ),
    ];
    if let Some((field, _)) = lists.into_iter().find(|(_, is_empty)| *is_empty) {
        return Some((field, "the list is empty".to_owned()));
    }
    let labels = labels.as_ref().filter(|labels| may_compare(labels));
    if let Some(fault) = labels.and_then(of_labels) {
        return Some(("labels", fault));
    }
    let labels = namespace_labels.as_ref();
    let labels = labels.filter(|labels| may_compare(labels))?;
    let fault = of_namespaces(labels).or_else(|| of_place(&rule.place, labels))?;
    Some(("namespaceLabels", fault))
}

fn of_labels(selector: &Selector) -> Option<String> {
    let key = selector.contradiction()?;
    Some(format!(
        "its conditions on the label {key} exclude each other"
    ))
}

/// Returns the fault of a selector of namespaces. Only those that have opted in matter.
fn of_namespaces(selector: &Selector) -> Option<String> {
    let not_opted_in = || {
        let fault = format!("it asks for namespaces without {INJECTION_LABEL}=enabled");
        (!selector.admits(INJECTION_LABEL, Some("enabled"))).then_some(fault)
    };
    of_labels(selector).or_else(not_opted_in)
}

/// Returns the fault of a rule that reads the pool from a label of the namespace, and asks that it be absent.
fn of_place(place: &Place, selector: &Selector) -> Option<String> {
    let key = place.namespace_label()?;
    let fault = || format!("it reads the pool from the label {key}, and asks that it be absent");
    (!selector.admits_presence(key)).then(fault)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{optional_labels, unmatched};
    use crate::policy::{Policy, read_policy_spec};

    /// An expression: a key, an operator and values.
    type Written<'w> = (&'w str, &'w str, &'w [&'w str]);

    /// Returns a policy with one rule, which has this condition and this place, and one pool with this selector.
    fn policy(matches: &Value, place: &Value, namespaces: &Value) -> Policy {
        let spec = json!({
            "architectures": {"known": ["amd64"], "default": "amd64"},
            "pools": [{"name": "p", "nodePools": ["n"], "namespaces": namespaces}],
            "rules": [{"name": "r", "match": matches, "place": place}],
        });
        read_policy_spec(&spec).unwrap().0
    }

    fn selector(expressions: &[Written<'_>]) -> Value {
        let expression = |(key, operator, values): &Written<'_>| json!({"key": key, "operator": operator, "values": values});
        json!({"matchExpressions": expressions.iter().map(expression).collect::<Vec<_>>()})
    }

    #[test]
    fn a_selector_that_contradicts_itself_matches_nothing() {
        let pool = json!({"pool": "p"});
        let injection = "placement.truemark.io/injection";
        let cases: [(&[Written<'_>], bool, bool); 8] = [
            (&[], true, true),
            (&[("a", "In", &["x"]), ("a", "NotIn", &["x"])], false, false),
            (
                &[("a", "In", &["x", "y"]), ("a", "NotIn", &["x"])],
                true,
                true,
            ),
            (
                &[("a", "Exists", &[]), ("a", "DoesNotExist", &[])],
                false,
                false,
            ),
            (&[("a", "Exists", &[]), ("a", "NotIn", &["x"])], true, true),
            (
                &[("a", "DoesNotExist", &[]), ("a", "NotIn", &["x"])],
                true,
                true,
            ),
            (&[("a", "In", &["x"]), ("b", "In", &["y"])], true, true),
            (&[(injection, "NotIn", &["enabled"])], true, false),
        ];
        for (expressions, of_pods, of_namespaces) in cases {
            let selector = selector(expressions);
            for (matches, namespaces, expected) in [
                (json!({"labels": selector}), json!({}), of_pods),
                (
                    json!({"namespaceLabels": selector}),
                    json!({}),
                    of_namespaces,
                ),
                (json!({}), selector.clone(), of_namespaces),
            ] {
                let policy = policy(&matches, &pool, &namespaces);
                let found = unmatched(&policy).next();
                assert_eq!(
                    found.is_none(),
                    expected,
                    "{matches} {namespaces}: {found:?}"
                );
            }
        }
    }

    #[test]
    fn an_empty_list_and_an_absent_label_match_nothing() {
        let absent = selector(&[("a", "DoesNotExist", &[])]);
        for (matches, place, field) in [
            (
                json!({"controllers": []}),
                json!({"pool": "p"}),
                "controllers",
            ),
            (
                json!({"serviceAccounts": []}),
                json!({"pool": "p"}),
                "serviceAccounts",
            ),
            (
                json!({"priorityClasses": []}),
                json!({"pool": "p"}),
                "priorityClasses",
            ),
            (
                json!({"namespaceLabels": absent}),
                json!({"poolFromNamespaceLabel": "a"}),
                "namespaceLabels",
            ),
        ] {
            let policy = policy(&matches, &place, &json!({}));
            let found: Vec<String> = unmatched(&policy)
                .map(|error| error.path.to_string())
                .collect();
            assert_eq!(found, [format!("spec.rules[0].match.{field}")]);
        }
    }

    #[test]
    fn a_label_that_names_the_pool_may_be_absent_unless_the_rule_asks_for_it() {
        let place = json!({"poolFromLabel": "a"});
        for (matches, is_optional) in [
            (json!({}), true),
            (json!({"labels": selector(&[("a", "NotIn", &["x"])])}), true),
            (json!({"labels": selector(&[("b", "Exists", &[])])}), true),
            (json!({"labels": selector(&[("a", "Exists", &[])])}), false),
            (json!({"labels": selector(&[("a", "In", &["p"])])}), false),
        ] {
            let policy = policy(&matches, &place, &json!({}));
            assert_eq!(
                optional_labels(&policy).count(),
                usize::from(is_optional),
                "{matches}"
            );
        }
    }
}
