//! An operator at a shell, with `kubectl`, `helm` and the repository's `deploy/`.

use std::process::Command;

use anyhow::{Context, ensure};

use super::cluster::{Cluster, Printed};
use super::repository;

/// An operator who types commands into a shell, in a directory of their own.
pub(crate) struct Operator<'c> {
    cluster: &'c Cluster,
}

impl<'c> Operator<'c> {
    /// Makes an operator whose `deploy/` is the repository's.
    pub(crate) fn new(cluster: &'c Cluster) -> anyhow::Result<Self> {
        let directory = cluster.path().join("operator");
        if !directory.exists() {
            std::fs::create_dir(&directory)?;
            std::os::unix::fs::symlink(repository("deploy"), directory.join("deploy"))?;
        }
        Ok(Self { cluster })
    }

    /// Puts a file into the directory.
    pub(crate) fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let path = self.cluster.path().join("operator").join(name);
        std::fs::write(&path, text).with_context(|| path.display().to_string())
    }

    /// Runs commands up to the first that fails, and returns their output.
    pub(crate) fn tries(&self, commands: &str) -> anyhow::Result<Printed> {
        let directory = self.cluster.path().join("operator");
        let programs = self.cluster.programs.join("bin");
        let path = std::env::var("PATH").unwrap_or_default();
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", commands])
            .current_dir(&directory)
            .env("PATH", format!("{}:{path}", programs.display()))
            .env("HOME", &directory)
            .env("KUBECONFIG", self.cluster.kubeconfig())
            .output()
            .context("bash")?;
        Ok(Printed {
            success: output.status.success(),
            stdout: String::from_utf8(output.stdout)?,
            stderr: String::from_utf8(output.stderr)?,
        })
    }

    /// Runs commands, of which none may fail, and returns what they print.
    pub(crate) fn runs(&self, commands: &str) -> anyhow::Result<String> {
        let printed = self.tries(commands)?;
        ensure!(printed.success, "{commands}\n{}", printed.stderr);
        Ok(printed.stdout)
    }
}

/// Returns the commands of a section of a page, block by block.
pub(crate) fn commands(page: &str, section: &str) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(repository(page))?;
    let heading = format!("\n## {section}\n");
    let (_, text) = text
        .split_once(&heading)
        .with_context(|| format!("{page} has no section {section}"))?;
    let text = text.split("\n## ").next().unwrap_or_default();
    let blocks = text.split("```sh\n").skip(1);
    let blocks: Vec<String> = blocks
        .filter_map(|block| Some(block.split_once("```")?.0.to_owned()))
        .collect();
    ensure!(!blocks.is_empty(), "{page}: {section} has no commands");
    Ok(blocks)
}
