//! The API server, as the keeper of a self-managed certificate calls it.

use std::time::Duration;

use kube::{Client, Config};

use crate::logging::causes;

/// The time that a request may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request that failed.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {}", causes(.error))]
pub(super) struct ApiError {
    /// The purpose of the request.
    doing: &'static str,
    error: kube::Error,
}

impl ApiError {
    /// Returns a function that adds to an error what the request was for.
    pub(super) fn when(doing: &'static str) -> impl FnOnce(kube::Error) -> Self {
        move |error| Self { doing, error }
    }

    /// True if the object is no longer the one that was read, so that nothing was written.
    pub(super) fn is_conflict(&self) -> bool {
        matches!(&self.error, kube::Error::Api(status) if status.code == 409)
    }
}

/// Makes a client whose requests end in time and are not repeated, since the next look repeats them.
///
/// # Errors
/// When no client can be made of the configuration.
pub(super) fn client(config: &Config) -> kube::Result<Client> {
    let mut config = config.clone();
    config.connect_timeout = Some(PATIENCE);
    config.read_timeout = Some(PATIENCE);
    config.default_retry = false;
    Client::try_from(config)
}
