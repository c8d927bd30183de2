//! The `MutatingAdmissionPolicy` that makes the same of a pod as a patch does.

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::rows::{LABEL, Row};
use crate::harness::api::text;

/// The maps from texts to texts. Everything else that has fields is an object with a type.
const MAPS: [&str; 3] = ["annotations", "labels", "nodeSelector"];

/// Returns the policy and its binding, for the namespace of its row.
pub(super) fn policy(patch: &Value) -> anyhow::Result<[Value; 2]> {
    let name = "costs.example.com";
    let version = "admissionregistration.k8s.io/v1";
    Ok([
        json!({
            "apiVersion": version,
            "kind": "MutatingAdmissionPolicy",
            "metadata": {"name": name},
            "spec": {
                "matchConstraints": {
                    "namespaceSelector": {"matchLabels": {LABEL: Row::Policy.name()}},
                    "resourceRules": [{
                        "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"],
                    }],
                },
                "failurePolicy": "Fail",
                "reinvocationPolicy": "IfNeeded",
                "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": expression(patch)?}}],
            },
        }),
        json!({
            "apiVersion": version,
            "kind": "MutatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": {"policyName": name},
        }),
    ])
}

/// Writes the operations of a patch as an expression in CEL.
fn expression(patch: &Value) -> anyhow::Result<String> {
    let operations = patch.as_array().context("no patch")?.iter();
    let operations: Vec<String> = operations
        .map(|operation| {
            let fields = text(operation, "/path").trim_start_matches('/');
            let value = literal(&operation["value"], &fields.replace('/', "."))?;
            Ok(format!(
                "JSONPatch{{op: {}, path: {}, value: {value}}}",
                operation["op"], operation["path"]
            ))
        })
        .collect::<anyhow::Result<_>>()?;
    Ok(format!("[{}]", operations.join(", ")))
}

/// Writes a value in CEL. The path to it, with dots, is its type.
fn literal(value: &Value, path: &str) -> anyhow::Result<String> {
    Ok(match value {
        Value::String(_) => value.to_string(),
        Value::Array(items) => {
            let items: Vec<String> = items
                .iter()
                .map(|item| literal(item, path))
                .collect::<anyhow::Result<_>>()?;
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) => {
            let is_map = MAPS.iter().any(|map| path.ends_with(map));
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| {
                    let value = literal(value, &format!("{path}.{name}"))?;
                    let name = if is_map {
                        json!(name).to_string()
                    } else {
                        name.clone()
                    };
                    Ok(format!("{name}: {value}"))
                })
                .collect::<anyhow::Result<_>>()?;
            let of_type = if is_map {
                String::new()
            } else {
                format!("Object.{path}")
            };
            format!("{of_type}{{{}}}", fields.join(", "))
        }
        _ => bail!("{value} at {path}"),
    })
}
