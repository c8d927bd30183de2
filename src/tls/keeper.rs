//! The certificate in use together with its source, which keeps it up to date.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use kube::Config;

use super::certificates::Certificates;
use super::files::{FileError, Files};
use super::secret::SelfManaged;
use crate::metrics::Metrics;

/// The certificate in use, and the source of the next one.
pub struct Keeper {
    certificates: Arc<Certificates>,
    source: Source,
}

enum Source {
    /// Somebody else writes the files.
    Files(Files),
    /// The replicas renew the Secret themselves.
    Secret(Box<SelfManaged>),
    /// Nobody renews it.
    SelfSigned,
}

impl Keeper {
    /// Loads the certificate of these files.
    ///
    /// # Errors
    /// When a file cannot be used, or the two do not belong together.
    pub fn of_files(files: Files) -> Result<Self, FileError> {
        Ok(Self {
            certificates: Arc::new(files.load()?),
            source: Source::Files(files),
        })
    }

    /// Prepares to look after a Secret in berth's own namespace; there is no certificate yet.
    ///
    /// # Errors
    /// When no client can be made of the configuration.
    pub fn of_secret(
        config: &Config,
        namespace: &str,
        secret: &str,
        lifetime: Duration,
        metrics: Arc<Metrics>,
    ) -> kube::Result<Self> {
        let certificates = Arc::<Certificates>::default();
        let in_use = Arc::clone(&certificates);
        let source = SelfManaged::new(config, namespace, secret, lifetime, in_use, metrics)?;
        Ok(Self {
            certificates,
            source: Source::Secret(Box::new(source)),
        })
    }

    /// Makes a certificate that nobody trusts.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn self_signed() -> Result<Self, rcgen::Error> {
        Ok(Self {
            certificates: Arc::new(Certificates::self_signed()?),
            source: Source::SelfSigned,
        })
    }

    /// Returns the certificate in use.
    #[must_use]
    pub fn certificates(&self) -> Arc<Certificates> {
        Arc::clone(&self.certificates)
    }

    /// True if nobody can trust the certificate.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        matches!(self.source, Source::SelfSigned)
    }

    /// Looks after the certificate for ever, this often.
    pub async fn keep(self, every: Duration, metrics: Arc<Metrics>) {
        match self.source {
            Source::Files(files) => files.keep(self.certificates, every, metrics).await,
            Source::Secret(secret) => secret.keep(every).await,
            Source::SelfSigned => pending().await,
        }
    }
}
