//! An operator at a shell, with `kubectl`, `helm`, `berth` and the repository's `deploy/`.

use std::path::Path;
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
        let output = self.shell(commands).output().context("bash")?;
        Ok(Printed {
            success: output.status.success(),
            stdout: String::from_utf8(output.stdout)?,
            stderr: String::from_utf8(output.stderr)?,
        })
    }

    /// Does the same, and returns the exit code with all that is printed, as a terminal shows it.
    pub(crate) fn sees(&self, commands: &str) -> anyhow::Result<(i32, String)> {
        let commands = format!("exec 2>&1\n{commands}");
        let output = self.shell(&commands).output().context("bash")?;
        let code = output.status.code().context("a signal")?;
        Ok((code, String::from_utf8(output.stdout)?))
    }

    fn shell(&self, commands: &str) -> Command {
        let directory = self.cluster.path().join("operator");
        let berth = Path::new(env!("CARGO_BIN_EXE_berth"));
        let mut path = vec![self.cluster.programs.join("bin")];
        path.extend(berth.parent().map(Path::to_owned));
        let path: Vec<String> = path.iter().map(|one| one.display().to_string()).collect();
        let inherited = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("bash");
        shell
            .args(["-euo", "pipefail", "-c", commands])
            .current_dir(&directory)
            .env("PATH", format!("{}:{inherited}", path.join(":")))
            .env("HOME", &directory)
            .env("KUBECONFIG", self.cluster.kubeconfig());
        shell
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
