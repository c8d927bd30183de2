//! The Deployments of berth itself, by the flags that they start it with.

use serde_json::Value;

use super::api_server::ApiServer;

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

/// Warns if berth reads its policy from a file, which cannot be seen from here.
///
/// # Errors
/// Fails if the API server cannot be reached.
pub(in crate::cli) async fn policy_of_file(
    api_server: &ApiServer,
) -> anyhow::Result<Option<String>> {
    let path = "/apis/apps/v1/namespaces/berth-system/deployments";
    let selector = "&labelSelector=app.kubernetes.io/name%3Dberth";
    let deployments = api_server.list(path, selector).await?.unwrap_or_default();
    Ok(flag(&deployments, "--policy").map(|file| {
        format!("warning: berth reads its policy from a file of its pods, {file}; name a copy of it by --policy")
    }))
}
