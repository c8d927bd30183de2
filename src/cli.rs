//! The command line: `berth serve`, `berth explain`, `berth check` and `berth crd`.

pub mod check;
pub mod crd;
pub mod explain;
mod input;
mod object;
mod parse;
mod path;
pub mod serve;

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::{Args, Parser, Subcommand};
use kube::config::{KubeConfigOptions, Kubeconfig};

use crate::placement::Given;
use crate::policy::{read_node_pools, read_policy};

/// Places Kubernetes workloads on the right nodes of an EKS cluster.
///
/// A namespace opts in with the label placement.truemark.io/injection=enabled. From then on its Jobs and CronJobs land
/// in the batch node pools, apps labelled placement.truemark.io/pool=truemark on the on-demand ones, and everything
/// else on spot, each on the right architecture.
#[derive(Debug, Parser)]
#[command(name = "berth", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Box<serve::Args>),
    Explain(explain::Args),
    Check(check::Args),
    Crd(crd::Args),
}

/// Bad usage or configuration: `EX_USAGE` of sysexits.h.
const USAGE: u8 = 64;

/// Runs the program: 0 is fine, 1 failed, 2 found something, 64 bad usage or configuration.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; nothing can be done when they cannot be printed.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { USAGE } else { 0 });
        }
    };
    match cli.command {
        Command::Serve(args) => serve::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Crd(args) => crd::run(&args),
    }
}

/// Where the policy and the node pools come from.
#[derive(Debug, Args)]
pub struct Sources {
    /// The policy, a PlacementPolicy in YAML; without it the default policy is used
    #[arg(long, value_name = "FILE", env = "BERTH_POLICY")]
    policy: Option<PathBuf>,

    /// Karpenter NodePools in YAML: a file, or a directory of .yaml, .yml and .json files; may be repeated
    ///
    /// They are added to the policy's own catalogue. With neither, the default policy's node pools are used.
    #[arg(
        long,
        value_name = "PATH",
        env = "BERTH_NODE_POOLS",
        value_delimiter = ','
    )]
    node_pools: Vec<PathBuf>,
}

impl Sources {
    /// Loads what the flags name; a message that fails names the flag, the file and the field.
    fn load(&self) -> anyhow::Result<Given> {
        let mut given = Given::default();
        if let Some(path) = &self.policy {
            let flag = || format!("--policy {}", path.display());
            let text = std::fs::read_to_string(path).with_context(flag)?;
            given.policy = Some(read_policy(&text).with_context(flag)?);
        }
        for path in &self.node_pools {
            let flag = || format!("--node-pools {}", path.display());
            for file in manifest_files(path).with_context(flag)? {
                let before = given.node_pools.iter().count();
                let text = read(&file).with_context(flag)?;
                read_node_pools(&text, &mut given.node_pools)
                    .with_context(|| file.display().to_string())
                    .with_context(flag)?;
                if file == *path && given.node_pools.iter().count() == before {
                    anyhow::bail!(
                        "--node-pools {}: holds no karpenter.sh NodePool",
                        path.display()
                    );
                }
            }
        }
        if let Some((_, of_policy)) = &given.policy {
            let mut both = given
                .node_pools
                .iter()
                .filter(|node_pool| of_policy.get(node_pool.name()).is_some());
            if let Some(node_pool) = both.next() {
                anyhow::bail!(
                    "--node-pools: node pool {:?} stands in the catalogue of --policy already",
                    node_pool.name()
                );
            }
        }
        Ok(given)
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// How to reach the cluster that a flag asks for: as the file says, or as `kubectl` and a pod would find it.
async fn cluster(flag: &str, kubeconfig: Option<&Path>) -> anyhow::Result<kube::Config> {
    let Some(path) = kubeconfig else {
        let config = kube::Config::infer().await;
        return config.map_err(|error| anyhow!("{flag}: {error}"));
    };
    // These errors tell their causes themselves.
    let wrong = |error| anyhow!("--kubeconfig {}: {error}", path.display());
    let file = Kubeconfig::read_from(path).map_err(wrong)?;
    kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
        .await
        .map_err(wrong)
}

/// Says what a command has to say besides its output.
fn complain(command: &str, message: &str) {
    anstream::eprintln!("berth {command}: {}", clean(message));
}

/// Whether a command could print what it had to, or its reader had seen enough; else says what was wrong.
fn printed(command: &str, output: io::Result<()>) -> bool {
    match output {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(command, &format!("standard output: {error}"));
            false
        }
        _ => true,
    }
}

/// A text without what would move a terminal's cursor: names and messages come from the input.
fn clean(text: impl Display) -> String {
    let printable = |char: char| if char.is_control() { '\u{fffd}' } else { char };
    text.to_string().chars().map(printable).collect()
}

/// A value as YAML, long lines unfolded: commands and scripts stay readable, and lines comparable.
fn yaml(value: &serde_json::Value) -> io::Result<String> {
    let mut options = serde_saphyr::SerializerOptions::default();
    options.folded_wrap_chars = usize::MAX;
    serde_saphyr::to_string_with_options(value, options).map_err(io::Error::other)
}

/// The file itself, or the YAML and JSON files below a directory, in the order of their paths.
fn manifest_files(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut directories = vec![path.to_owned()];
    while let Some(directory) = directories.pop() {
        let entries =
            std::fs::read_dir(&directory).with_context(|| directory.display().to_string())?;
        for entry in entries {
            let entry = entry?;
            let path = entry.path();
            // A link to a directory is not followed: it could lead back up. One to a file is a mounted ConfigMap's.
            if entry.file_type()?.is_dir() {
                directories.push(path);
            } else if path
                .extension()
                .is_some_and(|end| ["yaml", "yml", "json"].iter().any(|known| end == *known))
                && path.is_file()
            {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
