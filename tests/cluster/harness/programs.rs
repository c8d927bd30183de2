//! The programs of a cluster.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use super::repository;

/// The exit code of `tests/cluster/build` on a machine that cannot have the programs.
const CANNOT: i32 = 3;

/// The variable that gives `tests/cluster/build` a minor version of Kubernetes.
const VERSION: &str = "BERTH_CLUSTER_KUBERNETES";

/// The programs, or the reason why there are none.
#[derive(Debug)]
pub(crate) enum Programs {
    /// The directory of the programs and their files.
    At(PathBuf),
    /// The reason why this machine cannot have them.
    Unavailable(String),
}

impl Programs {
    /// Builds them the first time, and reports on stderr.
    pub(crate) fn build() -> anyhow::Result<Self> {
        Self::of(std::env::var_os(VERSION))
    }

    /// Builds those of a minor version of Kubernetes in the same way; of the newest if there is none.
    pub(crate) fn of(version: Option<OsString>) -> anyhow::Result<Self> {
        for tool in ["kubectl", "setpriv"] {
            if Command::new(tool).arg("--help").output().is_err() {
                return Ok(Self::Unavailable(format!(
                    "there is no `{tool}` on the PATH"
                )));
            }
        }
        let script = repository("tests/cluster/build");
        let mut build = Command::new(&script)
            .env(VERSION, version.unwrap_or_default())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| script.display().to_string())?;
        let mut last = String::new();
        for line in BufReader::new(build.stderr.take().context("its stderr")?).lines() {
            last = line?;
            eprintln!("{last}");
        }
        let output = build.wait_with_output()?;
        match output.status.code() {
            Some(0) => Ok(Self::At(String::from_utf8(output.stdout)?.trim().into())),
            Some(CANNOT) => {
                let reason = last.strip_prefix("the cluster tests cannot run: ");
                Ok(Self::Unavailable(reason.unwrap_or(&last).to_owned()))
            }
            _ => bail!("{}: {}", script.display(), output.status),
        }
    }
}
