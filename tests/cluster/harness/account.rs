//! The service account of an installation, with exactly the rights that ship.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::api::text;
use super::cluster::Cluster;
use super::{manifests, repository};

/// The namespace of an installation.
const NAMESPACE: &str = "berth-system";

/// The Secret of the certificate that an installation makes itself.
pub(crate) const CERTIFICATE: &str = "/api/v1/namespaces/berth-system/secrets/berth-certificate";

/// Reads the role that ships.
pub(crate) fn shipped_role() -> anyhow::Result<Value> {
    let objects = manifests(&repository("deploy/berth/cluster-role.yaml"))?;
    let role = objects
        .into_iter()
        .find(|object| text(object, "/kind") == "ClusterRole");
    role.ok_or_else(|| anyhow::anyhow!("no ClusterRole"))
}

/// Creates the service account, its roles and their bindings as shipped, with what narrows them.
pub(crate) async fn install(cluster: &Cluster) -> anyhow::Result<()> {
    for file in [
        "berth/namespace.yaml",
        "berth/service-account.yaml",
        "berth/cluster-role.yaml",
        "certificates/self-managed/rights.yaml",
        "certificates/self-managed/guard.yaml",
    ] {
        for object in manifests(&repository("deploy").join(file))? {
            cluster.api.apply(&object).await?;
        }
    }
    Ok(())
}

/// Lets the service account see pods.
pub(crate) async fn let_see_pods(cluster: &Cluster) -> anyhow::Result<()> {
    for object in manifests(&repository("deploy/count-pods/cluster-role.yaml"))? {
        cluster.api.apply(&object).await?;
    }
    Ok(())
}

/// Writes a kubeconfig with a token of the service account.
pub(crate) async fn kubeconfig(cluster: &Cluster) -> anyhow::Result<PathBuf> {
    kubeconfig_by(cluster, cluster.address()).await
}

/// Writes a kubeconfig with a token of the service account, by which the API server is at this address.
pub(crate) async fn kubeconfig_by(
    cluster: &Cluster,
    address: SocketAddr,
) -> anyhow::Result<PathBuf> {
    let path = format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts/berth/token");
    let request =
        json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}});
    let token = cluster.api.post(&path, &request).await?.ok()?;
    let admin = std::fs::read_to_string(cluster.kubeconfig())?;
    let mut kubeconfig: Value = serde_json::from_str(&admin)?;
    kubeconfig["clusters"][0]["cluster"]["server"] = json!(format!("https://{address}"));
    kubeconfig["users"][0]["user"] = json!({"token": text(&token, "/status/token")});
    cluster.write("berth-kubeconfig", &kubeconfig.to_string())?;
    Ok(cluster.path().join("berth-kubeconfig"))
}
