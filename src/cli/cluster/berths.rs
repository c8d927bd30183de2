//! The Deployments of berth itself, by the flags that they start it with.

use serde_json::Value;

/// Returns the value of a flag; empty if it has none. `None` if no Deployment has the flag.
pub(in crate::cli) fn flag<'d>(
    deployments: impl IntoIterator<Item = &'d Value>,
    flag: &str,
) -> Option<&'d str> {
    let containers = deployments.into_iter().filter_map(|deployment| {
        deployment
            .pointer("/spec/template/spec/containers")?
            .as_array()
    });
    let arguments = containers
        .flatten()
        .filter_map(|container| container["args"].as_array());
    let mut arguments = arguments.flatten().filter_map(Value::as_str);
    arguments.find_map(|argument| {
        let rest = argument.strip_prefix(flag)?;
        if rest.is_empty() {
            Some("")
        } else {
            rest.strip_prefix('=')
        }
    })
}
