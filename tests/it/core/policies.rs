//! Policies that must be refused: each is a document of `tests/policies/*.yaml`.

use berth::policy::{read_policy, read_policy_spec};
use serde::Deserialize;
use serde_json::Value;

use super::documents::documents;
use crate::harness::repository::policy_with;
use crate::harness::snapshots::snapshot;

/// A policy that must be refused.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Refused {
    name: String,
    /// Fields of the spec that replace those of the default policy.
    #[serde(default)]
    policy: Value,
    /// The whole policy, if its spec is not the point.
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    node_pools: Option<Vec<Value>>,
    /// The field that is wrong.
    path: String,
    /// The message; only its beginning, if it ends in `...`.
    message: String,
}

#[test]
fn wrong_policies_are_refused() {
    let mut failures = Vec::new();
    for (place, case) in documents::<Refused>("tests/policies") {
        let made = match &case.text {
            Some(text) => read_policy(text).map(drop),
            None => snapshot(&policy_with(&case.policy), case.node_pools.as_deref()).map(drop),
        };
        let Refused {
            name,
            path,
            message,
            ..
        } = case;
        let found = made
            .err()
            .map_or((String::new(), "accepted".to_owned()), |error| {
                (error.path.to_string(), error.message)
            });
        let same = match message.strip_suffix("...") {
            Some(beginning) => found.1.starts_with(beginning),
            None => found.1 == message,
        };
        if found.0 != path || !same {
            failures.push(format!(
                "{place}: {name}:\n  expected {:?}\n  found    {found:?}",
                (path, message)
            ));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// The spec of a custom resource is refused for the same faults, with the same words.
#[test]
fn a_spec_is_read_like_a_file() {
    for (place, case) in documents::<Refused>("tests/policies") {
        let Refused {
            name, text, policy, ..
        } = case;
        if text.is_none() {
            let whole = policy_with(&policy);
            let of_spec = read_policy_spec(&whole["spec"]).map(drop);
            assert_eq!(
                of_spec,
                read_policy(&whole.to_string()).map(drop),
                "{place}: {name}"
            );
        }
    }
    let error = read_policy_spec(&Value::Null).map(drop).unwrap_err();
    assert_eq!(error.path.to_string(), "spec");
}
