//! Somebody who has berth's token, and webhook configurations: `caBundle` is all that can be changed.

use anyhow::ensure;
use serde_json::{Value, json};

use super::stage::define;
use crate::harness::account;
use crate::harness::cluster::{Cluster, Printed};
use crate::harness::eventually;
use crate::harness::registration::{installed, register, shipped};

/// The two kinds of configurations.
const KINDS: [&str; 2] = [
    "mutatingwebhookconfiguration",
    "validatingwebhookconfiguration",
];

/// Each change that would show somebody else the cluster's objects, or show berth others, is refused.
pub(crate) async fn guard(cluster: &Cluster) -> anyhow::Result<()> {
    define(cluster).await?;
    account::install(cluster).await?;
    register(&cluster.api, &shipped("https://127.0.0.1:9", "")?).await?;
    let elsewhere = |port: u32| {
        let url = format!("https://127.0.0.1:{port}/");
        json!([replace("/webhooks/0/clientConfig/url", &url)])
    };
    let mut port = 10;
    eventually("the guard is in force", async || {
        // Each is another one: what changes nothing is let through.
        port += 1;
        let printed = tries(cluster, KINDS[0], &elsewhere(port))?;
        Ok((!printed.success).then_some(()))
    })
    .await?;
    let before = installed(&cluster.api).await?;
    for kind in KINDS {
        for change in changes() {
            let printed = tries(cluster, kind, &json!([change]))?;
            let words = "berth may write caBundle and nothing else";
            ensure!(!printed.success, "{kind}: {change} was let through");
            ensure!(printed.stderr.contains(words), "{change}: {printed:?}");
        }
        // A change that hides behind one that is allowed.
        let both = json!([bundle(), replace("/webhooks/0/failurePolicy", "Fail")]);
        ensure!(!tries(cluster, kind, &both)?.success, "{kind}: {both}");
    }
    ensure!(installed(&cluster.api).await? == before, "something got in");

    for kind in KINDS {
        let printed = tries(cluster, kind, &json!([bundle()]))?;
        ensure!(printed.success, "{kind}: {printed:?}");
    }
    // An administrator may do all of it.
    let patch = elsewhere(8).to_string();
    let printed = cluster.kubectl(&arguments(KINDS[0], &patch))?;
    ensure!(printed.success, "{printed:?}");
    Ok(())
}

/// Returns the changes of one configuration, each of a field that berth has no business with.
fn changes() -> Vec<Value> {
    let rule = json!({
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "resources": ["secrets"],
        "operations": ["CREATE", "UPDATE"],
    });
    let add = |path: &str, value: Value| json!({"op": "add", "path": path, "value": value});
    let exclude = json!([{"name": "never", "expression": "false"}]);
    let mut more = Vec::new();
    for field in ["namespaceSelector", "objectSelector"] {
        let selector = json!({"matchLabels": {"any": "thing"}});
        more.push(add(&format!("/webhooks/0/{field}"), selector));
    }
    more.extend([
        replace("/webhooks/0/clientConfig/url", "https://127.0.0.1:8/"),
        replace("/webhooks/0/name", "other.example.com"),
        replace("/webhooks/0/failurePolicy", "Fail"),
        replace("/webhooks/0/matchPolicy", "Exact"),
        add("/webhooks/0/timeoutSeconds", json!(30)),
        add("/webhooks/0/rules/-", rule),
        add("/webhooks/0/matchConditions", exclude),
        add("/metadata/finalizers", json!(["example.com/stay"])),
        add("/metadata/labels/app.kubernetes.io~1name", json!("other")),
        add("/metadata/annotations", json!({"any": "thing"})),
        add(
            "/metadata/ownerReferences",
            json!([{"apiVersion": "v1", "kind": "Namespace", "name": "default", "uid": "1"}]),
        ),
        json!({"op": "remove", "path": "/webhooks/0"}),
        add("/webhooks/-", another()),
        json!({"op": "remove", "path": "/webhooks"}),
    ]);
    more
}

/// Returns one more webhook, which is asked about every Secret.
fn another() -> Value {
    json!({
        "name": "another.example.com",
        "admissionReviewVersions": ["v1"],
        "clientConfig": {"url": "https://127.0.0.1:8/"},
        "sideEffects": "None",
        "rules": [{
            "apiGroups": [""],
            "apiVersions": ["v1"],
            "resources": ["secrets"],
            "operations": ["CREATE"],
        }],
    })
}

fn replace(path: &str, value: &str) -> Value {
    json!({"op": "replace", "path": path, "value": value})
}

/// Returns the change that is berth's own.
fn bundle() -> Value {
    json!({"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": ""})
}

/// Patches a configuration as berth's service account.
fn tries(cluster: &Cluster, kind: &str, patch: &Value) -> anyhow::Result<Printed> {
    let patch = patch.to_string();
    let mut arguments = arguments(kind, &patch);
    arguments.extend(["--as", "system:serviceaccount:berth-system:berth"]);
    cluster.kubectl(&arguments)
}

fn arguments<'a>(kind: &'a str, patch: &'a str) -> Vec<&'a str> {
    vec![
        "patch", kind, "zz-berth", "--type", "json", "--patch", patch,
    ]
}
