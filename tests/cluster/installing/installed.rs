//! A berth that is installed: it runs where its Service is, with the rights of its service account, and the API server
//! calls it by the configurations that were installed.

use std::net::{IpAddr, SocketAddr, TcpListener};

use anyhow::ensure;

use crate::harness::account::{self, CERTIFICATE};
use crate::harness::api::text;
use crate::harness::berth::{Berth, Setup};
use crate::harness::cluster::Cluster;
use crate::harness::eventually;
use crate::harness::load::{Load, Report};
use crate::harness::operator::Operator;
use crate::harness::registration::installed;
use crate::runner::NotRun;

/// A berth that is installed, while pods are created.
pub(super) struct Installed {
    pub(super) load: Load,
    _berth: Berth,
}

/// Sets up a berth as it is installed: with the rights of its service account, and a certificate that it makes itself.
pub(crate) async fn setup(cluster: &Cluster) -> anyhow::Result<Setup> {
    let setup = Setup::without_certificate(cluster, "berth-installed")?;
    let setup = setup.following(account::kubeconfig(cluster).await?);
    Ok(setup.self_managed("2160h"))
}

/// Fails if this machine allows no port below 1024, such as the Service's.
pub(crate) fn can_be_called() -> Result<(), NotRun> {
    TcpListener::bind("127.96.255.254:443")
        .map(drop)
        .map_err(|error| NotRun(format!("berth's Service has port 443: {error}")))
}

impl Installed {
    /// Starts clients that create pods in a namespace that has opted in, and berth behind the installed Service.
    /// Returns once it places them.
    pub(super) async fn new(cluster: &Cluster, namespace: &str) -> anyhow::Result<Self> {
        let load = Load::start(cluster, namespace);
        let setup = setup(cluster).await?.serving_at(service(cluster).await?);
        unplaced(&load, "there is no bundle yet").await?;
        let berth = setup.start().await?;
        let installed = Self {
            load,
            _berth: berth,
        };
        installed.trusted(cluster).await?;
        Ok(installed)
    }

    /// Waits until berth has filled in missing bundles and places pods.
    pub(super) async fn trusted(&self, cluster: &Cluster) -> anyhow::Result<()> {
        eventually("the bundles are filled in", async || {
            let bundles = bundles(cluster).await?;
            let all = !bundles.is_empty() && bundles.iter().all(|bundle| !bundle.is_empty());
            Ok(all.then_some(()))
        })
        .await?;
        self.load.more_placed(50).await
    }

    /// Waits until pods are created without berth.
    pub(super) async fn unplaced(&self, why: &str) -> anyhow::Result<()> {
        unplaced(&self.load, why).await
    }

    /// Stops creating pods, none of which may have been refused.
    pub(super) async fn end(self) {
        let report = self.load.stop().await;
        assert_eq!(report.refused, Vec::<String>::new());
    }
}

async fn unplaced(load: &Load, why: &str) -> anyhow::Result<()> {
    let unplaced = |before: &Report, now: &Report| now.unplaced >= before.unplaced + 20;
    load.until(why, unplaced).await
}

/// Reads the bundles of all webhooks; empty for a webhook without one.
pub(crate) async fn bundles(cluster: &Cluster) -> anyhow::Result<Vec<String>> {
    let webhooks = installed(&cluster.api).await?;
    let bundle = |webhook| text(webhook, "/clientConfig/caBundle").to_owned();
    Ok(webhooks.iter().map(bundle).collect())
}

/// Returns all that a running berth fills in. None of it may be empty.
pub(super) async fn filled_in(cluster: &Cluster) -> anyhow::Result<Vec<String>> {
    let mut found = bundles(cluster).await?;
    let secret = cluster.api.get(CERTIFICATE).await?.unwrap_or_default();
    found.push(text(&secret, "/data/ca.crt").to_owned());
    ensure!(found.iter().all(|text| !text.is_empty()), "{found:?}");
    Ok(found)
}

/// Returns the address of berth's Service. It is one of this machine, so that a process that listens there is called as
/// berth's pods are.
pub(crate) async fn service(cluster: &Cluster) -> anyhow::Result<SocketAddr> {
    let path = "/api/v1/namespaces/berth-system/services/berth";
    let service = cluster.api.get(path).await?.unwrap_or_default();
    let address: IpAddr = text(&service, "/spec/clusterIP").parse()?;
    Ok((address, 443).into())
}

/// Waits until only these objects are left of berth.
pub(super) async fn only_left(operator: &Operator<'_>, objects: &[&str]) -> anyhow::Result<()> {
    eventually("berth is gone", async || {
        let printed = operator.runs(
            "kinds=$(kubectl api-resources --verbs=list,delete --output=name | paste --serial --delimiters=,)
            kubectl get $kinds --all-namespaces --selector=app.kubernetes.io/name=berth --output=name",
        )?;
        Ok(printed.lines().eq(objects.iter().copied()).then_some(()))
    })
    .await
}
