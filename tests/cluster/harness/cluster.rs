//! The cluster, from its start to its end.

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::api::{Api, path, text};
use super::aws::{Aws, Offered};
use super::process::Process;
use super::setup::{self, Ports};
use super::{auto_mode, eventually, manifests};

/// A running cluster. Dropping it stops its programs and removes its directory.
pub(crate) struct Cluster {
    /// The API server, asked as a member of `system:masters`.
    pub(crate) api: Api,
    /// The directory of its programs and of its definitions.
    pub(crate) programs: PathBuf,
    ports: Ports,
    // They are dropped before the directory, so that nothing writes into it when it goes.
    processes: RefCell<Vec<Process>>,
    aws: RefCell<Option<Aws>>,
    directory: TempDir,
}

/// The parts of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// An API server alone: nobody acts on its objects.
    ApiServer,
    /// Everything up to Karpenter with KWOK's provider.
    All,
    /// Everything up to Karpenter with its provider for AWS, and a stand-in for AWS.
    Aws,
    /// The same with the API group of EKS Auto Mode, whose labels are in that domain.
    AutoMode,
}

/// The output of `kubectl`.
#[derive(Debug)]
pub(crate) struct Printed {
    pub(crate) success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Printed {
    /// Reads its standard output as JSON.
    pub(crate) fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_str(&self.stdout).with_context(|| format!("{self:?}"))
    }
}

impl Cluster {
    /// Starts a cluster, and returns once every part of it says that it is ready.
    pub(crate) async fn start(programs: &Path, extent: Extent) -> anyhow::Result<Self> {
        let begin = Instant::now();
        let directory = tempfile::Builder::new()
            .prefix("berth-cluster-")
            .tempdir()?;
        let ports = Ports::choose()?;
        setup::write_certificates(directory.path(), ports.api_server)?;
        setup::write_audit_policy(directory.path())?;
        let cluster = Self {
            api: Api::by(&directory.path().join("kubeconfig")).await?,
            programs: programs.to_owned(),
            ports,
            processes: RefCell::default(),
            aws: RefCell::default(),
            directory,
        };
        let started = cluster.bring_up(extent).await;
        if let Err(error) = started {
            return Err(error.context(format!("see {}", cluster.keep().display())));
        }
        eprintln!(
            "a cluster is up after {:.1} s",
            begin.elapsed().as_secs_f32()
        );
        Ok(cluster)
    }

    async fn bring_up(&self, extent: Extent) -> anyhow::Result<()> {
        let (directory, ports) = (self.path(), &self.ports);
        self.start_etcd()?;
        self.start_api_server().await?;
        if extent == Extent::ApiServer {
            return Ok(());
        }
        let arguments = setup::controller_manager(directory, ports);
        self.run("kube-controller-manager", &arguments, &[])?;
        let arguments = setup::scheduler(directory, ports);
        self.run("kube-scheduler", &arguments, &[])?;
        let arguments = setup::kwok(directory, ports, &self.programs)?;
        self.run("kwok", &arguments, &[])?;
        let karpenter = self.start_karpenter(extent).await?;

        for (name, scheme, port, path) in [
            (
                "kube-controller-manager",
                "https",
                ports.controller_manager,
                "/healthz",
            ),
            ("kube-scheduler", "https", ports.scheduler, "/readyz"),
            ("kwok", "http", ports.kwok, "/readyz"),
            (karpenter, "http", ports.karpenter_health, "/readyz"),
        ] {
            let probe = probe(scheme, (Ipv4Addr::LOCALHOST, port))?;
            self.ready(name, &probe, path).await?;
        }
        self.service_account("default").await?;
        if extent == Extent::All {
            let node_class = json!({
                "apiVersion": "karpenter.kwok.sh/v1alpha1",
                "kind": "KWOKNodeClass",
                "metadata": {"name": "default"},
            });
            self.api.apply(&node_class).await?;
        }
        Ok(())
    }

    /// Starts Karpenter with the provider of a cluster, and returns its program's name.
    async fn start_karpenter(&self, extent: Extent) -> anyhow::Result<&'static str> {
        let mut environment = setup::karpenter(self.path(), &self.ports);
        let (name, offered) = match extent {
            Extent::ApiServer | Extent::All => ("karpenter", None),
            Extent::Aws => ("karpenter-aws", Some(Offered::All)),
            Extent::AutoMode => ("karpenter-auto-mode", Some(Offered::ForAutoMode)),
        };
        if let Some(offered) = offered {
            let mut definitions = manifests(&self.programs.join("platform-crds/karpenter-aws"))?;
            if offered == Offered::ForAutoMode {
                definitions = definitions.into_iter().map(auto_mode::of).collect();
            }
            self.define(&definitions).await?;
            let aws = Aws::start(offered).await?;
            environment.extend(setup::karpenter_aws(&aws, &self.ports));
            self.aws.replace(Some(aws));
        } else {
            self.define_resources().await?;
        }
        self.run(name, &[], &environment)?;
        Ok(name)
    }

    /// Starts etcd, on what it has stored.
    pub(crate) fn start_etcd(&self) -> anyhow::Result<()> {
        self.run("etcd", &setup::etcd(self.path(), &self.ports), &[])
    }

    /// Returns the directory of what etcd stores.
    pub(crate) fn etcd_data(&self) -> PathBuf {
        self.path().join("etcd")
    }

    /// Starts the API server, and waits until it is ready.
    pub(crate) async fn start_api_server(&self) -> anyhow::Result<()> {
        self.start_api_server_of(&self.programs).await
    }

    /// Starts the API server of another directory of programs, and waits until it is ready.
    pub(crate) async fn start_api_server_of(&self, programs: &Path) -> anyhow::Result<()> {
        const NAME: &str = "kube-apiserver";
        // It tries again until etcd answers.
        let arguments = setup::api_server(self.path(), &self.ports);
        let program = programs.join("bin").join(NAME);
        let process = Process::start(NAME, &program, &arguments, &[], self.path())?;
        self.processes.borrow_mut().push(process);
        self.ready(NAME, &self.api, "/readyz").await
    }

    /// Ends the API server as a failing machine does. Its objects stay stored.
    pub(crate) fn kill_api_server(&self) {
        if let Some(mut process) = self.taken("kube-apiserver") {
            process.kill();
        }
    }

    /// Asks a program of the cluster to end, and ends it after this time, as the kubelet does.
    pub(crate) async fn stop(&self, name: &str, grace: Duration) -> anyhow::Result<()> {
        let mut process = self.taken(name).with_context(|| name.to_owned())?;
        process.terminate()?;
        let ended = eventually(name, async || Ok(process.ended()?));
        // It is killed when it is dropped.
        let _ = tokio::time::timeout(grace, ended).await;
        Ok(())
    }

    /// Returns the running program of that name, which the cluster forgets.
    fn taken(&self, name: &str) -> Option<Process> {
        let mut processes = self.processes.borrow_mut();
        let index = processes.iter().position(|process| process.name == name)?;
        Some(processes.remove(index))
    }

    fn run(
        &self,
        name: &str,
        arguments: &[String],
        environment: &[(&str, String)],
    ) -> anyhow::Result<()> {
        let process = self.launch(name, arguments, environment)?;
        self.processes.borrow_mut().push(process);
        Ok(())
    }

    /// Reads the time that the program of that name has run on a core.
    pub(crate) fn ran(&self, name: &str) -> anyhow::Result<Duration> {
        let processes = self.processes.borrow();
        let process = processes.iter().find(|process| process.name == name);
        process.with_context(|| name.to_owned())?.ran()
    }

    /// Starts a program that only some tests want. It runs until the result is dropped.
    pub(crate) fn launch(
        &self,
        name: &str,
        arguments: &[String],
        environment: &[(&str, String)],
    ) -> anyhow::Result<Process> {
        let program = self.programs.join("bin").join(name);
        Process::start(name, &program, arguments, environment, self.path())
    }

    /// Waits until a program says that it is ready, as long as all are running.
    async fn ready(&self, name: &str, probe: &Api, path: &str) -> anyhow::Result<()> {
        eventually(&format!("{name} is ready"), async || {
            for process in &mut *self.processes.borrow_mut() {
                process.check()?;
            }
            // It refuses connections until it listens.
            let reply = probe.raw(path).await.ok();
            Ok(reply.filter(|(status, _)| status.is_success()).map(drop))
        })
        .await
    }

    /// Creates Karpenter's custom resource definitions, and waits until their resources are served.
    pub(crate) async fn define_resources(&self) -> anyhow::Result<()> {
        self.define(&manifests(&self.programs.join("crds"))?).await
    }

    /// Creates custom resource definitions, and waits until their resources are served.
    pub(crate) async fn define(&self, definitions: &[Value]) -> anyhow::Result<()> {
        for definition in definitions {
            self.api.apply(definition).await?;
        }
        for definition in definitions {
            let path = path(definition);
            eventually(&format!("{path} is established"), async || {
                let object = self.api.get(&path).await?.unwrap_or_default();
                Ok(condition(&object, "Established").then_some(()))
            })
            .await?;
        }
        Ok(())
    }

    /// Waits for the service account without which no pod can be created in a namespace.
    pub(crate) async fn service_account(&self, namespace: &str) -> anyhow::Result<()> {
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/default");
        eventually(&path, async || Ok(self.api.get(&path).await?.map(drop))).await
    }

    /// Asks the API server for its version.
    pub(crate) async fn version(&self) -> anyhow::Result<String> {
        let version = self.api.get("/version").await?.unwrap_or_default();
        Ok(text(&version, "/gitVersion").to_owned())
    }

    /// Returns the address of the API server.
    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports.api_server).into()
    }

    /// Returns the addresses of metrics: of the API server, over TLS, and of Karpenter, without.
    pub(crate) fn metrics(&self) -> [SocketAddr; 2] {
        let ports = [self.ports.api_server, self.ports.karpenter_metrics];
        ports.map(|port| (Ipv4Addr::LOCALHOST, port).into())
    }

    /// Returns the directory of the cluster's certificates, kubeconfig and logs.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the path of the kubeconfig.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.path().join("kubeconfig")
    }

    /// Writes a file into the cluster's directory, and returns its path.
    pub(crate) fn write(&self, name: &str, text: &str) -> anyhow::Result<String> {
        let path = self.path().join(name);
        std::fs::write(&path, text)?;
        Ok(path.display().to_string())
    }

    /// Stops the cluster, and keeps its logs.
    pub(crate) fn keep(self) -> PathBuf {
        drop(self.processes);
        let path = self.directory.keep();
        // The data of etcd is large and of no use.
        let _ = std::fs::remove_dir_all(path.join("etcd"));
        path
    }

    /// Runs `kubectl` with words as arguments.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> anyhow::Result<Printed> {
        let output = Command::new("kubectl")
            .arg(format!("--kubeconfig={}", self.kubeconfig().display()))
            .arg(format!(
                "--cache-dir={}",
                self.path().join("cache").display()
            ))
            .args(arguments)
            .output()
            .context("kubectl")?;
        let stderr = String::from_utf8(output.stderr)?;
        // kubectl warns if its version is a few releases away from the API server's.
        let lines = stderr
            .lines()
            .filter(|line| !line.contains("version difference"));
        Ok(Printed {
            success: output.status.success(),
            stdout: String::from_utf8(output.stdout)?,
            stderr: lines.flat_map(|line| [line, "\n"]).collect(),
        })
    }
}

/// True if an object has a condition of this type that is true.
pub(crate) fn condition(object: &Value, kind: &str) -> bool {
    object
        .pointer("/status/conditions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .any(|condition| text(condition, "/type") == kind && text(condition, "/status") == "True")
}

/// Makes a client for a program's own endpoint, whose certificate it made itself.
pub(crate) fn probe(scheme: &str, address: impl Into<SocketAddr>) -> anyhow::Result<Api> {
    let mut config = kube::Config::new(format!("{scheme}://{}", address.into()).parse()?);
    config.accept_invalid_certs = true;
    Api::new(config)
}
