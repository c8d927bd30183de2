//! A cluster as commands read it: by single requests, within bounds of time and of size. They never write.

mod api_server;
mod basis;
mod berths;

use std::time::Duration;

use anyhow::{Context, anyhow};
use rustls::crypto::aws_lc_rs;
use tokio::runtime::Builder;
use tokio::time::timeout;

use super::kubeconfig::Access;
pub(super) use api_server::{ApiServer, Refusal};
pub(super) use basis::Basis;
pub(super) use berths::{flag, policy_of_file};

/// The time limit of a whole reading.
const LIMIT: Duration = Duration::from_mins(1);

/// Runs a reading of the cluster to its end. `flag` begins the messages.
///
/// # Errors
/// Fails if the cluster cannot be reached, does not answer in time, or the reading fails.
pub(super) fn ask<T>(
    access: &Access,
    flag: &str,
    reading: impl AsyncFnOnce(&ApiServer) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    ask_within(LIMIT, access, flag, reading)
}

/// Runs a reading of the cluster to its end, which has to come within a time.
///
/// # Errors
/// As [`ask`].
pub(super) fn ask_within<T>(
    limit: Duration,
    access: &Access,
    flag: &str,
    reading: impl AsyncFnOnce(&ApiServer) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    // Anything that speaks TLS needs it. It fails only if one is installed already.
    let _ = aws_lc_rs::default_provider().install_default();
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting threads")?;
    runtime.block_on(async {
        let config = access.config(flag).await?;
        let api_server = ApiServer::new(config).with_context(|| flag.to_owned())?;
        let late = |_| anyhow!("{flag}: no answer within {} s", limit.as_secs());
        let read = timeout(limit, reading(&api_server)).await;
        read.map_err(late)?.with_context(|| flag.to_owned())
    })
}
