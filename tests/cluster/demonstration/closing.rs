//! The end of the demonstration: an audit of its cluster.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, ensure};

use crate::harness::repository;

/// The page of the audit, below the directory that cargo builds in.
const PAGE: &str = "demonstration/audit.html";

/// Shows the audit of a cluster, and writes its page.
pub(super) fn audit(kubeconfig: &Path) -> anyhow::Result<()> {
    println!("\n$ berth audit --cluster");
    let shown = berth(kubeconfig).status().context("berth audit")?;
    ensure!(shown.code() == Some(0), "berth audit: {shown}");
    let page = page(kubeconfig)?;
    println!("\nAs a page, for people and browsers: {}", page.display());
    Ok(())
}

fn page(kubeconfig: &Path) -> anyhow::Result<PathBuf> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository("target"), Into::into);
    let page = target.join(PAGE);
    let directory = page.parent().context("no directory")?;
    fs::create_dir_all(directory)?;
    let written = berth(kubeconfig).args(["--output", "html"]).output()?;
    ensure!(written.status.success(), "{written:?}");
    fs::write(&page, written.stdout)?;
    Ok(page)
}

fn berth(kubeconfig: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_berth"));
    command
        .args(["audit", "--cluster", "--fail-on", "never", "--kubeconfig"])
        .arg(kubeconfig);
    command
}
