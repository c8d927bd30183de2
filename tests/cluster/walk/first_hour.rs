//! The page is what a cluster prints: every file and command of it, in its order, in a directory with the repository's
//! `deploy/` alone.

use anyhow::{Context, ensure};
use serde_json::Value;
use similar::TextDiff;

use super::pattern;
use crate::harness::api::text;
use crate::harness::berth::Berth;
use crate::harness::cluster::Cluster;
use crate::harness::operator::Operator;
use crate::harness::{eventually, manifests, node_pools, repository};
use crate::installing::installed::{bundles, can_be_called, service, setup};
use crate::page::{self, Part};

const PAGE: &str = "docs/first-hour.md";

/// The variable that, set to `overwrite`, has the page written anew.
const SNAPSHOTS: &str = "SNAPSHOTS";

const SERVICE: &str = "/api/v1/namespaces/berth-system/services/berth";

pub(crate) async fn page(cluster: &Cluster) -> anyhow::Result<()> {
    can_be_called()?;
    own_node_pools(cluster).await?;
    let operator = Operator::new(cluster)?;
    let expected = std::fs::read_to_string(repository(PAGE)).context(PAGE)?;
    let mut actual = String::new();
    let mut berth = None;
    for part in page::parts(&expected) {
        match part {
            Part::Line(line) => actual.extend([line, "\n"]),
            Part::File { name, text } => {
                operator.write(name, &text)?;
                actual.push_str(&text);
            }
            Part::Command(command) => {
                let (code, output) = operator.sees(&command.shell())?;
                let (written, printed) = (command.as_is(), command.with(code, &output));
                let is_expected = pattern::matches(&written, &printed);
                actual.push_str(if is_expected { &written } else { &printed });
                berth = present(cluster, berth).await?;
            }
        }
    }
    if actual == expected {
        return Ok(());
    }
    if std::env::var_os(SNAPSHOTS).is_some_and(|mode| mode == "overwrite") {
        std::fs::write(repository(PAGE), actual)?;
        return Ok(());
    }
    let difference = TextDiff::from_lines(&expected, &actual);
    let mut difference = difference.unified_diff();
    anyhow::bail!("{}", difference.header(PAGE, "what is printed"));
}

/// Creates the node pools of the page's cluster, which are not those of the default policy.
async fn own_node_pools(cluster: &Cluster) -> anyhow::Result<()> {
    let objects = manifests(&repository("tests/cluster/walk/node-pools.yaml"))?;
    ensure!(!objects.is_empty());
    for node_pool in &objects {
        cluster.api.apply(node_pool).await?;
    }
    for node_pool in &objects {
        node_pools::ready(&cluster.api, node_pool).await?;
    }
    Ok(())
}

/// Runs berth where its Service is, as long as there is one: no node here can pull its image. Returns once the API server
/// can ask it.
async fn present(cluster: &Cluster, berth: Option<Berth>) -> anyhow::Result<Option<Berth>> {
    let is_installed = cluster.api.get(SERVICE).await?.is_some();
    match (is_installed, berth) {
        (false, _) => Ok(None),
        (true, Some(berth)) => Ok(Some(berth)),
        (true, None) => {
            let setup = setup(cluster).await?.serving_at(service(cluster).await?);
            let berth = setup.start().await?;
            eventually("the bundles are filled in", async || {
                let bundles = bundles(cluster).await?;
                let all = !bundles.is_empty() && bundles.iter().all(|bundle| !bundle.is_empty());
                Ok((all && has_status(cluster).await?).then_some(()))
            })
            .await?;
            Ok(Some(berth))
        }
    }
}

/// True if berth has said something of the cluster's policy, or there is none.
async fn has_status(cluster: &Cluster) -> anyhow::Result<bool> {
    let path = "/apis/placement.truemark.io/v1alpha1/placementpolicies/default";
    let policy = cluster.api.get(path).await?;
    let is_said = |policy: Value| !text(&policy, "/status/conditions/0/status").is_empty();
    Ok(policy.is_none_or(is_said))
}
