//! Entitlement as a boundary, put up as the page of its overlay says.

use anyhow::{Context, ensure};
use serde_json::json;

use super::berth::Setup;
use super::cluster::Cluster;
use super::pki::Authority;
use super::registration::{pointed_at, register};
use super::{documents, manifests, repository};

/// The label that opens the closed pool to a namespace, and its value.
pub(crate) const ENTITLED: &str = "truemark.io/entitled";

/// Registers berth as the overlay does.
pub(crate) async fn put_up(
    cluster: &Cluster,
    setup: &Setup,
    authority: &Authority,
) -> anyhow::Result<()> {
    let overlay = repository("deploy/overlays/boundary");
    let printed = cluster.kubectl(&["kustomize", &overlay.display().to_string()])?;
    ensure!(printed.success, "{printed:?}");
    let objects = documents(&printed.stdout)?;
    let configurations = pointed_at(objects, &setup.url(), &authority.pem())?;
    register(&cluster.api, &configurations).await
}

/// Closes the pool `truemark` to all namespaces but those with the label, and has the checks deny, as the page says.
pub(crate) async fn close(cluster: &Cluster) -> anyhow::Result<()> {
    let policy = manifests(&repository("deploy/policy.yaml"))?.pop();
    let mut policy = policy.context("deploy/policy.yaml")?;
    for pool in policy["spec"]["pools"].as_array_mut().into_iter().flatten() {
        if pool["name"] == "truemark" {
            pool["namespaces"] = json!({"matchLabels": {ENTITLED: "true"}});
        }
    }
    cluster.api.apply(&policy).await?;
    let page = std::fs::read_to_string(repository("deploy/overlays/boundary/README.md"))?;
    let command = page.split_once("--patch").map(|(_, rest)| rest);
    let patch = command.and_then(|rest| rest.split('\'').nth(1));
    let patch = patch.context("the page patches no policy")?;
    let arguments = [
        "patch",
        "placementpolicy",
        "default",
        "--type",
        "merge",
        "--patch",
    ];
    let printed = cluster.kubectl(&[&arguments[..], &[patch]].concat())?;
    ensure!(printed.success, "{printed:?}");
    Ok(())
}
