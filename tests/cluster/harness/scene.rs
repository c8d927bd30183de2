//! What most tests begin with: a berth that the API server calls, and namespaces.

use serde_json::{Value, json};

use super::berth::{Berth, Setup};
use super::cluster::Cluster;
use super::pki::Authority;
use super::registration::{register, shipped};

/// A berth in front of a cluster, as installed.
pub(crate) struct Scene {
    pub(crate) authority: Authority,
    pub(crate) setup: Setup,
    pub(crate) berth: Berth,
}

impl Scene {
    /// Starts a berth with the default policy, and registers it as shipped.
    pub(crate) async fn new(cluster: &Cluster) -> anyhow::Result<Self> {
        let authority = Authority::new("berth")?;
        let setup = Setup::new(cluster, "berth", &authority)?;
        let berth = setup.start().await?;
        let configurations = shipped(&setup.url(), &authority.pem())?;
        register(&cluster.api, &configurations).await?;
        Ok(Self {
            authority,
            setup,
            berth,
        })
    }
}

/// Whether a namespace has opted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Injection {
    Enabled,
    Absent,
}

/// Creates a namespace and waits until pods can be created in it.
pub(crate) async fn namespace(
    cluster: &Cluster,
    name: &str,
    injection: Injection,
) -> anyhow::Result<()> {
    let labels = match injection {
        Injection::Enabled => json!({"placement.truemark.io/injection": "enabled"}),
        Injection::Absent => json!({}),
    };
    cluster
        .api
        .apply(&json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": labels},
        }))
        .await?;
    cluster.service_account(name).await
}

/// A pod that asks for nothing.
pub(crate) fn pod(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "automountServiceAccountToken": false,
            "containers": [{
                "name": "main",
                "image": "none",
                "resources": {"requests": {"cpu": "100m"}},
            }],
        },
    })
}
