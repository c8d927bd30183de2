//! berth itself: the program, on ports and with certificates of its own.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::api::Api;
use super::cluster::{Cluster, probe};
use super::pki::{Authority, Pair};
use super::process::{Process, free_ports};
use super::{eventually, repository};

/// How one berth is set up, which outlives the process.
pub(crate) struct Setup {
    name: String,
    directory: PathBuf,
    port: u16,
    ops_port: u16,
    policy: Option<PathBuf>,
    node_pools: PathBuf,
}

/// A running berth. Dropping it kills it.
pub(crate) struct Berth {
    process: Process,
    ops: Api,
}

impl Setup {
    /// A berth with the default policy and node pools, and a certificate of this authority.
    pub(crate) fn new(
        cluster: &Cluster,
        name: &str,
        authority: &Authority,
    ) -> anyhow::Result<Self> {
        let directory = cluster.path().join(name);
        std::fs::create_dir_all(&directory)?;
        let [port, ops_port] = free_ports()?;
        let setup = Self {
            name: name.to_owned(),
            directory,
            port,
            ops_port,
            policy: None,
            node_pools: repository("deploy/node-pools"),
        };
        setup.present(&authority.server(name)?)?;
        Ok(setup)
    }

    /// With a policy of its own.
    pub(crate) fn with_policy(mut self, text: &str) -> anyhow::Result<Self> {
        let path = self.directory.join("policy.yaml");
        std::fs::write(&path, text)?;
        self.policy = Some(path);
        Ok(self)
    }

    /// With node pools of its own.
    pub(crate) fn with_node_pools(mut self, text: &str) -> anyhow::Result<Self> {
        self.node_pools = self.directory.join("node-pools.yaml");
        std::fs::write(&self.node_pools, text)?;
        Ok(self)
    }

    /// The certificate to present from now on.
    pub(crate) fn present(&self, pair: &Pair) -> anyhow::Result<()> {
        Ok(pair.write(&self.directory, "tls")?)
    }

    /// Where the API server reaches it.
    pub(crate) fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// Starts it and waits until it says that it is ready.
    pub(crate) async fn start(&self) -> anyhow::Result<Berth> {
        let file = |name: &str| self.directory.join(name).display().to_string();
        let mut arguments = vec![
            "serve".to_owned(),
            format!("--listen=127.0.0.1:{}", self.port),
            format!("--ops-listen=127.0.0.1:{}", self.ops_port),
            format!("--tls-cert={}", file("tls.crt")),
            format!("--tls-key={}", file("tls.key")),
            "--tls-poll-interval=100ms".to_owned(),
            format!("--node-pools={}", self.node_pools.display()),
            "--drain=2s".to_owned(),
            "--log-format=json".to_owned(),
        ];
        if let Some(policy) = &self.policy {
            arguments.push(format!("--policy={}", policy.display()));
        }
        let program = Path::new(env!("CARGO_BIN_EXE_berth"));
        let logs = self.directory.parent().context("its parent")?;
        let process = Process::start(&self.name, program, &arguments, &[], logs)?;
        let mut berth = Berth {
            process,
            ops: probe("http", self.ops_port)?,
        };
        eventually(&format!("{} is ready", self.name), async || {
            berth.process.check()?;
            let reply = berth.ops.raw("/readyz").await.ok();
            Ok(reply.filter(|(status, _)| status.is_success()))
        })
        .await?;
        Ok(berth)
    }
}

impl Berth {
    /// Ends it as a node that fails does.
    pub(crate) fn kill(mut self) {
        self.process.kill();
    }

    /// Ends it as the kubelet does, and waits until it has drained.
    pub(crate) async fn terminate(mut self) -> anyhow::Result<()> {
        self.process.terminate()?;
        eventually("berth ends", async || Ok(self.process.ended()?)).await?;
        Ok(())
    }

    /// Its metrics.
    pub(crate) async fn metrics(&self) -> anyhow::Result<String> {
        Ok(self.ops.raw("/metrics").await?.1)
    }
}
