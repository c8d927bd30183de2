//! The shipped registration, with the API server pointed at a berth outside the cluster.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::ensure;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::api::{Api, Persist, path, text};
use super::{eventually, manifests, repository};

const KINDS: [&str; 2] = [
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

const GROUP: &str = "/apis/admissionregistration.k8s.io/v1";

const COLLECTIONS: [&str; 2] = [
    "mutatingwebhookconfigurations",
    "validatingwebhookconfigurations",
];

/// Returns the two shipped configurations. Only their `clientConfig` differs.
pub(crate) fn shipped(url: &str, bundle: &str) -> anyhow::Result<Vec<Value>> {
    pointed_at(manifests(&repository("deploy/berth"))?, url, bundle)
}

/// Returns the two configurations among the objects of an installation, with the API server pointed at this address.
pub(crate) fn pointed_at(
    mut objects: Vec<Value>,
    url: &str,
    bundle: &str,
) -> anyhow::Result<Vec<Value>> {
    objects.retain(|object| KINDS.contains(&text(object, "/kind")));
    ensure!(objects.len() == KINDS.len(), "not two configurations");
    for configuration in &mut objects {
        for webhook in webhooks(configuration) {
            let endpoint = text(webhook, "/clientConfig/service/path").to_owned();
            webhook["clientConfig"] = json!({
                "url": format!("{url}{endpoint}"),
                "caBundle": STANDARD.encode(bundle),
            });
        }
    }
    Ok(objects)
}

/// Reads the stored webhooks of the two configurations of an installation.
pub(crate) async fn installed(api: &Api) -> anyhow::Result<Vec<Value>> {
    let mut found = Vec::new();
    for collection in COLLECTIONS {
        let path = format!("{GROUP}/{collection}/zz-berth");
        let mut configuration = api.get(&path).await?.unwrap_or_default();
        found.extend(webhooks(&mut configuration).map(Value::take));
    }
    Ok(found)
}

fn webhooks(configuration: &mut Value) -> impl Iterator<Item = &mut Value> {
    let webhooks = configuration["webhooks"].as_array_mut();
    webhooks.into_iter().flatten()
}

/// Gives a configuration and its webhooks another name, as a second webhook has.
pub(crate) fn rename(configuration: &mut Value, name: &str) {
    configuration["metadata"]["name"] = json!(name);
    for (index, webhook) in webhooks(configuration).enumerate() {
        webhook["name"] = json!(format!("w{index}.{name}.example.com"));
    }
}

/// Applies configurations, and waits until the API server acts on them.
pub(crate) async fn register(api: &Api, configurations: &[Value]) -> anyhow::Result<()> {
    for configuration in configurations {
        api.apply(configuration).await?;
    }
    settle(api).await
}

/// Removes every configuration.
pub(crate) async fn unregister(api: &Api) -> anyhow::Result<()> {
    for collection in COLLECTIONS {
        api.delete(&format!("{GROUP}/{collection}")).await?;
    }
    settle(api).await
}

/// Waits until the API server acts on the configurations as they are stored now.
///
/// It watches each of the two kinds, and sees the changes of a kind in their order. Once the configuration that was
/// stored last has an effect, all before it have one: it refuses a config map that nobody else creates.
async fn settle(api: &Api) -> anyhow::Result<()> {
    // The name is a new one: the API server mistakes a configuration that was deleted and created anew for the old one,
    // because their generations are equal.
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let name = format!("settle-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let labels = json!({"settle": name});
    let map = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default", "labels": labels},
    });
    for kind in KINDS {
        let configuration = json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kind,
            "metadata": {"name": name},
            "webhooks": [{
                "name": "settle.example.com",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Fail",
                "timeoutSeconds": 1,
                // Nothing listens there.
                "clientConfig": {"url": "https://127.0.0.1:1/"},
                "objectSelector": {"matchLabels": labels},
                "rules": [{
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "resources": ["configmaps"],
                    "operations": ["CREATE"],
                }],
            }],
        });
        api.apply(&configuration).await?;
        eventually("the API server sees the registration", async || {
            let reply = api.create(&map, Persist::DryRun).await?;
            Ok(reply.status.is_server_error().then_some(()))
        })
        .await?;
        api.delete(&path(&configuration)).await?;
    }
    Ok(())
}
