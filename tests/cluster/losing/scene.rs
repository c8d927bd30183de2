//! The scene of these tests: dials at zero, and a berth that follows them.

use serde_json::json;

use super::dials::{Dials, NAMESPACE};
use crate::harness::account;
use crate::harness::berth::{Berth, Setup};
use crate::harness::cluster::Cluster;
use crate::harness::gate::Gate;
use crate::harness::pki::Authority;
use crate::watching::stage::{define, namespace, reset};

/// A berth that follows a cluster with the rights of an installation, through a gate.
pub(super) struct Scene {
    pub(super) gate: Gate,
    pub(super) authority: Authority,
    pub(super) setup: Setup,
    pub(super) berth: Berth,
}

impl Scene {
    /// Prepares a cluster, and starts a berth.
    pub(super) async fn new(cluster: &Cluster) -> anyhow::Result<Self> {
        prepare(cluster).await?;
        Self::start(cluster).await
    }

    /// Starts a berth on a cluster that is prepared.
    pub(super) async fn start(cluster: &Cluster) -> anyhow::Result<Self> {
        let gate = Gate::to(cluster.address()).await?;
        let kubeconfig = account::kubeconfig_by(cluster, gate.address()).await?;
        let authority = Authority::new("berth")?;
        let setup = Setup::new(cluster, "berth", &authority)?.following(kubeconfig);
        let berth = setup.start().await?;
        Ok(Self {
            gate,
            authority,
            setup,
            berth,
        })
    }
}

/// Puts all dials of a cluster to zero, and gives it what berth needs.
pub(super) async fn prepare(cluster: &Cluster) -> anyhow::Result<()> {
    define(cluster).await?;
    reset(cluster).await?;
    namespace(cluster, NAMESPACE, json!({})).await?;
    Dials::default().store_all(&cluster.api).await?;
    account::install(cluster).await
}
