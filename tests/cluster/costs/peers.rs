//! Other webhooks than berth: small programs in Go.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, ensure};
use json_patch::Patch;
use serde_json::{Value, json};

use crate::harness::cluster::{Cluster, probe};
use crate::harness::pki::Authority;
use crate::harness::process::{Process, free_ports};
use crate::harness::{eventually, repository};
use crate::runner::NotRun;

/// A running webhook. Dropping it kills it.
pub(super) struct Peer {
    pub(super) process: Process,
    address: SocketAddr,
}

impl Peer {
    /// Starts the webhook that answers constants, this patch among them.
    pub(super) async fn constant(
        cluster: &Cluster,
        authority: &Authority,
        patch: &Value,
    ) -> anyhow::Result<Self> {
        let directory = directory(cluster, authority)?;
        let file = |name: &str| directory.join(name).display().to_string();
        std::fs::write(directory.join("patch.json"), patch.to_string())?;
        let arguments = [
            format!("--certificate={}", file("tls.crt")),
            format!("--key={}", file("tls.key")),
            format!("--patch={}", file("patch.json")),
        ];
        Self::start(cluster, "constant", &directory, arguments.into()).await
    }

    /// Starts the usual webhook, which adds what this patch adds.
    pub(super) async fn usual(
        cluster: &Cluster,
        authority: &Authority,
        patch: &Value,
    ) -> anyhow::Result<Self> {
        let directory = directory(cluster, authority)?;
        let patch: Patch = serde_json::from_value(patch.clone())?;
        let mut additions = json!({"metadata": {"labels": {}, "annotations": {}}, "spec": {}});
        json_patch::patch(&mut additions, &patch)?;
        let file = directory.join("additions.json");
        std::fs::write(&file, additions.to_string())?;
        let arguments = [
            format!("--certificates={}", directory.display()),
            format!("--additions={}", file.display()),
        ];
        Self::start(cluster, "usual", &directory, arguments.into()).await
    }

    async fn start(
        cluster: &Cluster,
        name: &str,
        directory: &Path,
        mut arguments: Vec<String>,
    ) -> anyhow::Result<Self> {
        let program = build(name, directory)?;
        let [port] = free_ports()?;
        let address = (Ipv4Addr::LOCALHOST, port).into();
        arguments.push(format!("--listen={address}"));
        let mut process = Process::start(name, &program, &arguments, &[], cluster.path())?;
        let probe = probe("https", address)?;
        eventually(&format!("{name} serves"), async || {
            process.check()?;
            Ok(probe.raw("/").await.ok().map(drop))
        })
        .await?;
        Ok(Self { process, address })
    }

    /// Returns the URL at which the API server reaches it.
    pub(super) fn url(&self) -> String {
        format!("https://{}", self.address)
    }
}

/// Makes the directory of the programs, with a certificate for both.
fn directory(cluster: &Cluster, authority: &Authority) -> anyhow::Result<PathBuf> {
    let directory = cluster.path().join("peers");
    std::fs::create_dir_all(&directory)?;
    authority.server("peer")?.write(&directory, "tls")?;
    Ok(directory)
}

/// Builds a program into a directory. Go keeps what it has compiled, so the next time takes seconds.
fn build(name: &str, directory: &Path) -> anyhow::Result<PathBuf> {
    let module = repository("tests/cluster/programs/peers").join(name);
    // The flags of tests/cluster/build, so that each package is compiled once for both.
    let flags = std::env::var("GOFLAGS").unwrap_or_default();
    let flags = format!("{flags} -mod=readonly -trimpath -buildvcs=false");
    let go = |arguments: &[&str]| {
        let mut go = Command::new("go");
        go.arg("-C").arg(&module).args(arguments);
        go.env("CGO_ENABLED", "0").env("GOWORK", "off");
        go.env("GOFLAGS", &flags).output()
    };
    let listed = go(&["list", "-deps", "."])?;
    if !listed.status.success() {
        let said = String::from_utf8_lossy(&listed.stderr).into_owned();
        let mut lines = said.lines();
        let reason = lines.find(|line| !line.starts_with("go: downloading "));
        let of_pins = ["go.sum", "updates to go.mod", "checksum mismatch"];
        if of_pins.iter().any(|words| said.contains(words)) {
            bail!("programs/peers/{name}: {said}");
        }
        bail!(NotRun(format!(
            "Go modules of programs/peers/{name}: {}",
            reason.unwrap_or_default()
        )));
    }
    let program = directory.join(name);
    let path = program.display().to_string();
    let built = go(&["build", "-o", &path, "-ldflags", "-s -w", "."])?;
    let said = String::from_utf8_lossy(&built.stderr);
    ensure!(built.status.success(), "programs/peers/{name}: {said}");
    Ok(program)
}
