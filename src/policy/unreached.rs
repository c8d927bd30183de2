//! Rules that no pod reaches, because an earlier rule takes all their pods.
//!
//! Only what is certain counts: the earlier rule asks for nothing that the later one does not ask for too. Rules that
//! hide another one together, each taking a part of its pods, are not found.

use super::effective::Policy;
use super::rule::{Match, Place, Rule};

/// A rule that no pod reaches.
#[derive(Debug, Clone, Copy)]
pub struct Unreached<'p> {
    /// The position of the rule in the policy, from 0.
    pub position: usize,
    /// The rule.
    pub rule: &'p Rule,
    /// The first rule before it that takes all its pods.
    pub hidden_by: &'p Rule,
}

/// Returns the rules that no pod reaches, in the policy's order.
pub fn unreached(policy: &Policy) -> impl Iterator<Item = Unreached<'_>> {
    let rules = policy.rules();
    rules.iter().enumerate().filter_map(|(position, rule)| {
        let mut earlier = rules[..position].iter();
        let hidden_by = earlier.find(|earlier| takes_all_of(earlier, rule))?;
        Some(Unreached {
            position,
            rule,
            hidden_by,
        })
    })
}

/// True if every pod that the later rule matches is matched by the earlier one.
pub(super) fn takes_all_of(earlier: &Rule, later: &Rule) -> bool {
    let has_label = match &earlier.place {
        // The earlier rule matches only pods of namespaces that have the label.
        Place::PoolFromNamespaceLabel(key) => later.place.namespace_label() == Some(key),
        Place::Pool(_) | Place::PoolFromLabel(_) | Place::LeaveAlone => true,
    };
    has_label && covers(&earlier.matches, &later.matches)
}

/// True if every pod that meets the later conditions meets the earlier ones.
fn covers(earlier: &Match, later: &Match) -> bool {
    let Match {
        labels,
        controllers,
        namespace_labels,
        service_accounts,
        priority_classes,
    } = earlier;
    asks_no_more(labels.as_ref(), later.labels.as_ref(), |own, later| {
        later.implies(own)
    }) && asks_no_more(
        namespace_labels.as_ref(),
        later.namespace_labels.as_ref(),
        |own, later| later.implies(own),
    ) && asks_no_more(controllers.as_ref(), later.controllers.as_ref(), holds_all)
        && asks_no_more(
            service_accounts.as_ref(),
            later.service_accounts.as_ref(),
            holds_all,
        )
        && asks_no_more(
            priority_classes.as_ref(),
            later.priority_classes.as_ref(),
            holds_all,
        )
}

/// True if the earlier condition is not given, or the later one is given and at least as strict.
fn asks_no_more<T: ?Sized>(
    earlier: Option<&T>,
    later: Option<&T>,
    at_least: impl Fn(&T, &T) -> bool,
) -> bool {
    earlier.is_none_or(|earlier| later.is_some_and(|later| at_least(earlier, later)))
}

#[expect(clippy::ptr_arg, reason = "a condition is a whole list")]
fn holds_all<T: PartialEq>(earlier: &Vec<T>, later: &Vec<T>) -> bool {
    later.iter().all(|item| earlier.contains(item))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::unreached;
    use crate::policy::read_policy_spec;

    /// Returns the names of the unreached rules of a policy with these conditions, each with the rule that hides it.
    fn found(rules: &[Value]) -> Vec<(String, String)> {
        let rules: Vec<Value> = rules
            .iter()
            .enumerate()
            .map(|(number, rule)| {
                let mut rule = rule.clone();
                rule["name"] = json!(format!("r{number}"));
                if rule["place"].is_null() {
                    rule["place"] = json!({"leaveAlone": true});
                }
                rule
            })
            .collect();
        let spec = json!({
            "architectures": {"known": ["amd64"], "default": "amd64"},
            "pools": [],
            "rules": rules,
        });
        let (policy, _) = read_policy_spec(&spec).unwrap();
        unreached(&policy)
            .map(|found| {
                (
                    found.rule.name.to_string(),
                    found.hidden_by.name.to_string(),
                )
            })
            .collect()
    }

    fn labels(expression: &Value) -> Value {
        json!({"match": {"labels": {"matchExpressions": [expression]}}})
    }

    #[test]
    fn a_rule_behind_one_that_takes_all_its_pods_is_found() {
        let all = json!({});
        let jobs = json!({"match": {"controllers": ["batch/Job"]}});
        let more = json!({"match": {"controllers": ["batch/Job", "apps/ReplicaSet"], "serviceAccounts": ["a"]}});
        let exists = labels(&json!({"key": "a", "operator": "Exists"}));
        let is_in = labels(&json!({"key": "a", "operator": "In", "values": ["x", "y"]}));
        let x = json!({"match": {"labels": {"matchLabels": {"a": "x"}}}});
        let absent = labels(&json!({"key": "a", "operator": "DoesNotExist"}));
        let not = labels(&json!({"key": "a", "operator": "NotIn", "values": ["z"]}));
        let by_namespace = |key: &str| json!({"place": {"poolFromNamespaceLabel": key}});
        for (earlier, later) in [
            (&all, &all),
            (&all, &jobs),
            (&all, &by_namespace("a")),
            (&jobs, &jobs),
            (&exists, &is_in),
            (&is_in, &x),
            (&not, &x),
            (&not, &absent),
            (&by_namespace("a"), &by_namespace("a")),
        ] {
            let expected = [("r1".to_owned(), "r0".to_owned())];
            assert_eq!(
                found(&[earlier.clone(), later.clone()]),
                expected,
                "{earlier} {later}"
            );
        }
        for (earlier, later) in [
            (&jobs, &all),
            (&jobs, &more),
            (&more, &jobs),
            (&is_in, &exists),
            (&x, &is_in),
            (&absent, &not),
            (&not, &exists),
            (&by_namespace("a"), &all),
            (&by_namespace("a"), &by_namespace("b")),
        ] {
            assert_eq!(
                found(&[earlier.clone(), later.clone()]),
                [],
                "{earlier} {later}"
            );
        }
    }

    #[test]
    fn the_first_rule_that_hides_another_is_named() {
        let jobs = json!({"match": {"controllers": ["batch/Job"]}});
        let all = json!({});
        let pairs = found(&[jobs.clone(), all, jobs]);
        assert_eq!(pairs, [("r2".to_owned(), "r0".to_owned())]);
    }
}
