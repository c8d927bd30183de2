//! The machines of a cluster on AWS, as far as the API server sees them: for each instance that Karpenter has launched,
//! the node that its kubelet registers.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::api::{Api, Persist, text};

/// A task that registers nodes. Dropping it ends it; the nodes stay.
pub(crate) struct Machines(JoinHandle<()>);

impl Machines {
    /// Starts it.
    pub(crate) fn start(api: &Api) -> Self {
        let api = api.clone();
        Self(tokio::spawn(async move {
            let mut registered = BTreeSet::new();
            loop {
                // A look that fails is followed by another.
                let _ = register(&api, &mut registered).await;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }))
    }
}

impl Drop for Machines {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Registers the instances that have no node yet.
async fn register(api: &Api, registered: &mut BTreeSet<String>) -> anyhow::Result<()> {
    for claim in api.list("/apis/karpenter.sh/v1/nodeclaims").await? {
        let instance = text(&claim, "/status/providerID");
        let is_going = !claim["metadata"]["deletionTimestamp"].is_null();
        if instance.is_empty() || is_going || registered.contains(instance) {
            continue;
        }
        let reply = api.create(&node(&claim), Persist::Store).await?;
        reply.ok()?;
        registered.insert(instance.to_owned());
    }
    Ok(())
}

/// Returns the node of a claim. Its labels and taints are those that Karpenter gives to the kubelet, and its capacity is
/// the one that Karpenter expects of the instance type; kwok does the rest.
fn node(claim: &Value) -> Value {
    let instance = text(claim, "/status/providerID");
    let name = instance.rsplit('/').next().unwrap_or_default();
    let name = format!("{name}.ec2.internal");
    let mut labels = claim["metadata"]["labels"].clone();
    labels["kubernetes.io/hostname"] = json!(name);
    let of = |field: &str| claim["spec"][field].as_array().into_iter().flatten();
    let mut taints: Vec<Value> = of("taints").chain(of("startupTaints")).cloned().collect();
    taints.push(json!({"key": "karpenter.sh/unregistered", "effect": "NoExecute"}));
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"providerID": instance, "taints": taints},
        "status": {
            "capacity": claim["status"]["capacity"],
            "allocatable": claim["status"]["allocatable"],
        },
    })
}
