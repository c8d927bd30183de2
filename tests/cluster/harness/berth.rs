//! The program berth, on ports and with certificates of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;

use super::api::{Api, Reply};
use super::cluster::{Cluster, probe};
use super::pki::{Authority, Pair};
use super::process::{Process, free_ports};
use super::scene::review;
use super::{eventually, repository};

/// The setup of one berth, which outlives the process.
pub(crate) struct Setup {
    name: String,
    program: PathBuf,
    directory: PathBuf,
    address: SocketAddr,
    ops_port: u16,
    policy: Option<PathBuf>,
    /// The kubeconfig of the cluster that it follows, in place of the shipped node pools.
    kubeconfig: Option<PathBuf>,
    /// The lifetime of a certificate that it makes itself, in place of one that it is given.
    lifetime: Option<&'static str>,
}

/// A running berth. Dropping it kills it.
pub(crate) struct Berth {
    process: Process,
    webhook: Api,
    ops: Api,
}

impl Setup {
    /// Sets up a berth with the default policy and a certificate of this authority.
    pub(crate) fn new(
        cluster: &Cluster,
        name: &str,
        authority: &Authority,
    ) -> anyhow::Result<Self> {
        let setup = Self::without_certificate(cluster, name)?;
        setup.present(&authority.server(name)?)?;
        Ok(setup)
    }

    /// Sets up a berth with the default policy. Its certificate is yet to be put into its [directory](Self::directory).
    pub(crate) fn without_certificate(cluster: &Cluster, name: &str) -> anyhow::Result<Self> {
        let directory = cluster.path().join(name);
        std::fs::create_dir_all(&directory)?;
        let [port, ops_port] = free_ports()?;
        Ok(Self {
            name: name.to_owned(),
            program: env!("CARGO_BIN_EXE_berth").into(),
            directory,
            address: (Ipv4Addr::LOCALHOST, port).into(),
            ops_port,
            policy: None,
            kubeconfig: None,
            lifetime: None,
        })
    }

    /// Gives it a policy of its own.
    pub(crate) fn with_policy(mut self, text: &str) -> anyhow::Result<Self> {
        let path = self.directory.join("policy.yaml");
        std::fs::write(&path, text)?;
        self.policy = Some(path);
        Ok(self)
    }

    /// Gives it another program than the one that was built with the tests.
    pub(crate) fn with_program(mut self, program: PathBuf) -> Self {
        self.program = program;
        self
    }

    /// Has it serve at this address.
    pub(crate) fn serving_at(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Has it follow the cluster that a kubeconfig names.
    pub(crate) fn following(mut self, kubeconfig: PathBuf) -> Self {
        self.kubeconfig = Some(kubeconfig);
        self
    }

    /// Has it make its certificate itself, in the Secret of an installation. It has to follow a cluster.
    pub(crate) fn self_managed(mut self, lifetime: &'static str) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// Gives it the certificate to present from now on.
    pub(crate) fn present(&self, pair: &Pair) -> anyhow::Result<()> {
        Ok(pair.write(&self.directory, "tls")?)
    }

    /// Returns the directory of its certificate, in `tls.crt` and `tls.key`.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the address at which it serves reviews.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address of its metrics.
    pub(crate) fn ops_address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ops_port).into()
    }

    /// Returns the URL at which the API server reaches it.
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Starts it, and waits until it says that it is ready.
    pub(crate) async fn start(&self) -> anyhow::Result<Berth> {
        let mut berth = self.launch()?;
        berth.ready().await?;
        Ok(berth)
    }

    /// Starts it.
    pub(crate) fn launch(&self) -> anyhow::Result<Berth> {
        let file = |name: &str| self.directory.join(name).display().to_string();
        let mut arguments = vec![
            "serve".to_owned(),
            format!("--listen={}", self.address),
            format!("--ops-listen=127.0.0.1:{}", self.ops_port),
            "--tls-poll-interval=100ms".to_owned(),
            "--drain=2s".to_owned(),
            "--log-format=json".to_owned(),
        ];
        if let Some(lifetime) = self.lifetime {
            arguments.push("--tls-secret=berth-certificate".to_owned());
            arguments.push(format!("--tls-lifetime={lifetime}"));
            arguments.push("--own-namespace=berth-system".to_owned());
        } else {
            arguments.push(format!("--tls-cert={}", file("tls.crt")));
            arguments.push(format!("--tls-key={}", file("tls.key")));
        }
        if let Some(path) = &self.kubeconfig {
            arguments.push("--cluster".to_owned());
            arguments.push(format!("--kubeconfig={}", path.display()));
        } else {
            let node_pools = repository("deploy/platforms/karpenter");
            arguments.push(format!("--node-pools={}", node_pools.display()));
        }
        if let Some(policy) = &self.policy {
            arguments.push(format!("--policy={}", policy.display()));
        }
        let logs = self.directory.parent().context("its parent")?;
        Ok(Berth {
            process: Process::start(&self.name, &self.program, &arguments, &[], logs)?,
            webhook: probe("https", self.address)?,
            ops: probe("http", self.ops_address())?,
        })
    }
}

impl Berth {
    /// Waits until it says that it is ready.
    pub(crate) async fn ready(&mut self) -> anyhow::Result<()> {
        eventually(&format!("{} is ready", self.process.name), async || {
            self.process.check()?;
            Ok(self.is_ready().await.then_some(()))
        })
        .await
    }

    /// True if it says that it is ready.
    pub(crate) async fn is_ready(&self) -> bool {
        let reply = self.ops.raw("/readyz").await;
        reply.is_ok_and(|(status, _)| status.is_success())
    }

    /// Sends the review of a pod that is being created, as the API server does.
    pub(crate) async fn mutate(&self, pod: &Value) -> anyhow::Result<Reply> {
        self.webhook.post("/mutate", &review(pod)).await
    }

    /// Asks the validating side of the same review.
    pub(crate) async fn validate(&self, pod: &Value) -> anyhow::Result<Reply> {
        self.webhook.post("/validate", &review(pod)).await
    }

    /// Reads its log so far.
    pub(crate) fn log(&self) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(&self.process.log)?)
    }

    /// Reads the value of a series of its metrics, given as it is shown; none if it shows no such series.
    pub(crate) async fn metric(&self, series: &str) -> anyhow::Result<Option<f64>> {
        let page = self.metrics().await?;
        let line = page
            .lines()
            .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        Ok(line.map(str::parse).transpose()?)
    }

    /// Reads the memory that it holds, in bytes.
    pub(crate) fn resident(&self) -> anyhow::Result<u64> {
        self.process.resident()
    }

    /// Reads the time that it has run on a core.
    pub(crate) fn ran(&self) -> anyhow::Result<Duration> {
        self.process.ran()
    }

    /// Ends it as a failing node does.
    pub(crate) fn kill(mut self) {
        self.process.kill();
    }

    /// Ends it as the kubelet does, and waits until it has drained.
    pub(crate) async fn terminate(mut self) -> anyhow::Result<()> {
        self.process.terminate()?;
        eventually("berth ends", async || Ok(self.process.ended()?)).await?;
        Ok(())
    }

    /// Reads its metrics.
    pub(crate) async fn metrics(&self) -> anyhow::Result<String> {
        Ok(self.ops.raw("/metrics").await?.1)
    }
}
