//! Namespaces that are judged as if they had opted in, and the selector that picks them.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::names::INJECTION_LABEL;
use crate::placement::{Snapshot, opted_in};
use crate::policy::{Selector, SelectorFile};

/// The namespaces to judge as if they had opted in.
#[derive(Debug, Clone)]
pub(super) struct AsIf(Selector);

impl AsIf {
    /// Has the namespaces of a snapshot opt in that match. Returns the names of those that had not.
    pub(super) fn opt_in(&self, snapshot: &mut Snapshot) -> BTreeSet<String> {
        let mut changed = BTreeSet::new();
        for (name, labels) in &snapshot.namespaces.clone() {
            if opted_in(labels) || !self.0.matches(|key| labels.get(key)) {
                continue;
            }
            let others = labels.under("").filter(|(key, _)| *key != INJECTION_LABEL);
            let enabled = others.chain([(INJECTION_LABEL, "enabled")]).collect();
            snapshot
                .namespaces
                .insert_mut(Arc::clone(name), Arc::new(enabled));
            changed.insert(name.to_string());
        }
        changed
    }
}

impl FromStr for AsIf {
    type Err = String;

    /// Reads a selector of labels as kubectl takes it: `team=shop,tier in (web,api),!legacy`. An empty one selects all.
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = parts(text);
        let expressions = parts.iter().map(|part| expression(part));
        let expressions: Vec<Value> = expressions.collect::<Result<_, _>>()?;
        let file: SelectorFile = serde_json::from_value(json!({"matchExpressions": expressions}))
            .map_err(|error| error.to_string())?;
        let selector = Selector::try_from(file).map_err(|error| error.message)?;
        Ok(Self(selector))
    }
}

/// Splits a selector at the commas that stand in no brackets.
fn parts(text: &str) -> Vec<&str> {
    let mut is_inside = false;
    let parts = text.split(|char| {
        match char {
            '(' => is_inside = true,
            ')' => is_inside = false,
            _ => {}
        }
        char == ',' && !is_inside
    });
    parts
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}

fn expression(part: &str) -> Result<Value, String> {
    let made = |key: &str, operator: &str, values: &[&str]| json!({"key": key.trim(), "operator": operator, "values": values});
    if let Some((head, values)) = part.split_once('(') {
        let values = values.strip_suffix(')').map(|values| values.split(','));
        let values: Option<Vec<&str>> = values.map(|values| values.map(str::trim).collect());
        let mut head = head.split_whitespace();
        return match (head.next(), head.next(), head.next(), values) {
            (Some(key), Some("in"), None, Some(values)) => Ok(made(key, "In", &values)),
            (Some(key), Some("notin"), None, Some(values)) => Ok(made(key, "NotIn", &values)),
            _ => Err(format!(
                "{part:?} is none of KEY in (A,B) and KEY notin (A,B)"
            )),
        };
    }
    if let Some((key, value)) = part.split_once("!=") {
        return Ok(made(key, "NotIn", &[value.trim()]));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Ok(made(key, "In", &[value.trim()]));
    }
    Ok(match part.strip_prefix('!') {
        Some(key) => made(key, "DoesNotExist", &[]),
        None => made(part, "Exists", &[]),
    })
}

#[cfg(test)]
mod tests {
    use super::AsIf;

    #[test]
    fn selectors_are_those_of_kubectl() {
        let labels = |key: &str| match key {
            "team" => Some("shop"),
            "tier" => Some("web"),
            _ => None,
        };
        for (text, matches) in [
            ("", true),
            ("team=shop", true),
            ("team == shop, tier=web", true),
            ("team!=shop", false),
            ("tier in (api, web),team", true),
            ("tier notin (api,web)", false),
            ("!team", false),
            ("!legacy", true),
            ("legacy", false),
        ] {
            let selector: AsIf = text.parse().unwrap();
            assert_eq!(selector.0.matches(labels), matches, "{text}");
        }
        for text in [
            "a in b",
            "tier in (web",
            "tier of (web)",
            "a b=c",
            "=x",
            "a=b c",
        ] {
            assert!(text.parse::<AsIf>().is_err(), "{text}");
        }
    }
}
