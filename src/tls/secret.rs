//! The certificate that berth makes itself: an authority and a pair in one Secret, which the replicas share.
//!
//! A new authority comes in three steps, so that no replica ever serves what the API server does not trust (R6.7): it
//! is trusted beside the one in use; then it signs; then the one before goes. [`Keyring`] knows the steps.
//!
//! Every replica does them. Each write names the version that it replaces, so the Secret goes from one keyring to the
//! next and never back, whichever replica writes. Each look reads the configurations before the Secret: a replica
//! that is held up in between cannot bring back an older bundle, because its write of the configuration is then a
//! conflict.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::Config;
use kube::api::{Api, PostParams};

use super::api::{ApiError, client};
use super::certificates::Certificates;
use super::issue::names;
use super::keyring::{Keyring, KeyringError, Terms};
use super::pair::CertificateError;
use super::trust::{Settling, Trust};
use crate::metrics::{Metrics, timestamp};

/// The longest pause before the next look while there is no certificate, or after a conflict.
const SOON: Duration = Duration::from_secs(1);

/// The way out of a Secret that cannot be used.
const REMEDY: &str = "empty the Secret and berth makes everything anew, or name another";

/// A reason why a look did not do all that was due.
#[derive(Debug, thiserror::Error)]
enum RenewalError {
    /// The API server did not do what it was asked for.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The Secret holds something else.
    #[error("{0}; {REMEDY}")]
    Keyring(#[from] KeyringError),
    /// TLS cannot use the pair in the Secret.
    #[error("its tls.crt and tls.key: {0}; {REMEDY}")]
    Unusable(#[from] CertificateError),
    /// A certificate could not be made.
    #[error("making a certificate: {0}")]
    Issue(#[from] rcgen::Error),
}

impl RenewalError {
    /// True if somebody else, most likely another replica, was faster.
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Api(error) if error.is_conflict())
    }
}

/// A replica's part in the certificate of a Secret: it serves what the Secret holds, and renews it.
pub struct SelfManaged {
    secrets: Api<Secret>,
    secret: String,
    trust: Trust,
    settling: Settling,
    terms: Terms,
    certificates: Arc<Certificates>,
    metrics: Arc<Metrics>,
}

impl SelfManaged {
    /// Prepares to look after the Secret of this name, in the namespace that berth runs in. It asks the API server for
    /// nothing yet.
    ///
    /// # Errors
    /// When no client can be made of the configuration.
    pub fn new(
        config: &Config,
        namespace: &str,
        secret: &str,
        lifetime: Duration,
        certificates: Arc<Certificates>,
        metrics: Arc<Metrics>,
    ) -> kube::Result<Self> {
        let client = client(config)?;
        Ok(Self {
            trust: Trust::new(&client),
            secrets: Api::namespaced(client, namespace),
            secret: secret.to_owned(),
            settling: Settling::default(),
            terms: Terms {
                names: names(namespace),
                lifetime: i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX),
            },
            certificates,
            metrics,
        })
    }

    /// Looks after the certificate for ever, this often.
    pub async fn keep(mut self, every: Duration) {
        let mut logged = None;
        loop {
            let looked = self.look().await;
            let conflict = looked.as_ref().is_err_and(RenewalError::is_conflict);
            let error = looked.err().filter(|_| !conflict);
            let error = error.map(|error| error.to_string());
            if let Some(error) = &error {
                self.metrics.renewal_error();
                // Each look counts, so that an alert lasts; only a new error is logged.
                if logged.as_ref() != Some(error) {
                    let secret = &self.secret;
                    tracing::error!(secret, error, "cannot look after the certificate");
                }
            }
            logged = error;
            // The first replica has only just made what the others wait for.
            let soon = conflict || self.certificates.not_after() == 0;
            let pause = if soon { every.min(SOON) } else { every };
            tokio::time::sleep(pause).await;
        }
    }

    /// Takes the pair in the Secret into use, then does the next step if one is due.
    async fn look(&mut self) -> Result<(), RenewalError> {
        // Before the Secret: see the top of this file.
        let found = self.trust.read().await;
        let (secret, keyring) = self.read().await?;
        // The pair is served even if what follows fails.
        let mut offered = keyring.as_ref().map_or(Ok(()), |it| self.offer(it));
        let bundle = keyring.as_ref().map(Keyring::bundle);
        let settled = bundle.is_some_and(|bundle| self.settling.is_over(&found, bundle));
        let now = timestamp(SystemTime::now());
        let next = Keyring::advance(keyring.as_ref(), &self.terms, now, settled)?;
        if let Some(next) = &next {
            // A conflict ends the look here, so that nobody serves or trusts a keyring that is not stored.
            self.store(secret, next).await?;
            offered = self.offer(next);
        }
        if let Some(keyring) = next.or(keyring) {
            self.trust.publish(found, &keyring.bundle()).await?;
        }
        offered
    }

    /// Reads the Secret: the object without its data, and the keyring that the data hold.
    async fn read(&self) -> Result<(Secret, Option<Keyring>), RenewalError> {
        let secret = self.secrets.get(&self.secret).await;
        let mut secret = secret.map_err(ApiError::when("reading the Secret"))?;
        let data = secret.data.take().unwrap_or_default().into_iter();
        let data = data.map(|(name, ByteString(value))| (name, value));
        let keyring = Keyring::read(&data.collect())?;
        Ok((secret, keyring))
    }

    /// Takes the pair of a keyring into use, unless it is already.
    fn offer(&self, keyring: &Keyring) -> Result<(), RenewalError> {
        self.certificates.offer(keyring.pair().clone())?;
        self.metrics.certificate(self.certificates.not_after());
        self.metrics.authority(keyring.authority_not_after());
        Ok(())
    }

    /// Writes a keyring in place of the one that was read; a conflict if somebody has written meanwhile.
    async fn store(&self, read: Secret, keyring: &Keyring) -> Result<(), RenewalError> {
        let data = keyring.write().into_iter();
        let secret = Secret {
            data: Some(data.map(|(key, value)| (key, ByteString(value))).collect()),
            // With the version that was read.
            ..read
        };
        let params = PostParams::default();
        let stored = self.secrets.replace(&self.secret, &params, &secret).await;
        stored.map_err(ApiError::when("writing the Secret"))?;
        let secret = &self.secret;
        tracing::info!(secret, "wrote the Secret of the certificate");
        Ok(())
    }
}
