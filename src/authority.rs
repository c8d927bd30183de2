//! The certificate that berth makes itself: an authority and a pair in one Secret, shared by the replicas.
//!
//! ```text
//!  Secret ──every replica──▶ the certificate in use
//!    ▲
//!    └──the replica that holds the Lease── renews it, and tells the API server whom to trust:
//!                                          `caBundle` of berth's own two webhook configurations
//! ```
//!
//! A new authority comes in three steps, so that nobody ever serves what is not trusted (R6.7): it is trusted beside the
//! one in use; then it signs; then the one before goes. [`Keyring`] knows the steps, and neither clock nor cluster.

mod issue;
mod keyring;
mod lease;
mod trust;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, PostParams};
use kube::{Client, Config};

use crate::logging::causes;
use crate::metrics::{Metrics, timestamp};
use crate::server::certificates::{Bytes, Certificates, names};
use crate::server::tls::Fault;
pub use issue::{Authority, Pair};
pub use keyring::{BadKeyring, Keyring, Terms};
use lease::Lease;
use trust::Trust;

/// How long a bundle has to stand in both configurations before what it newly trusts is used: an API server learns of
/// it from its watch, which takes it milliseconds, or seconds when it is busy.
const SETTLED: Duration = Duration::from_secs(10);

/// How long to wait at the most until the next look, while there is no certificate to serve with.
const IMPATIENCE: Duration = Duration::from_secs(1);

/// How long a request to the API server may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What keeps the certificate from being renewed.
#[derive(Debug)]
enum Trouble {
    /// The API server did not do what it was asked for.
    Api(&'static str, kube::Error),
    /// The Secret holds something else.
    Keyring(BadKeyring),
    /// Its certificate cannot be used.
    Unusable(Fault),
    /// A certificate could not be made.
    Issue(rcgen::Error),
}

/// What to do about a Secret that cannot be used.
const REMEDY: &str = "empty the Secret and berth makes everything anew, or name another";

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(what, error) => write!(f, "{what}: {}", causes(error)),
            Self::Keyring(error) => write!(f, "{error}; {REMEDY}"),
            Self::Unusable(fault) => write!(f, "its tls.crt and tls.key: {fault}; {REMEDY}"),
            Self::Issue(error) => write!(f, "making a certificate: {error}"),
        }
    }
}

/// The bundle that both configurations were seen to trust at every look since then.
type Trusted = Option<(String, Instant)>;

/// Keeps the certificate in use the one of a Secret, and that one renewed.
pub struct SelfManaged {
    secrets: Api<Secret>,
    secret: String,
    lease: Lease,
    trust: Trust,
    terms: Terms,
    certificates: Arc<Certificates>,
    metrics: Arc<Metrics>,
    trusted: Trusted,
}

impl SelfManaged {
    /// The certificate of the Secret of this name, in the namespace that berth runs in. Nothing is asked of the API
    /// server yet.
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
        let mut config = config.clone();
        config.connect_timeout = Some(PATIENCE);
        config.read_timeout = Some(PATIENCE);
        // It is tried again soon enough.
        config.default_retry = false;
        let client = Client::try_from(config)?;
        Ok(Self {
            secrets: Api::namespaced(client.clone(), namespace),
            secret: secret.to_owned(),
            lease: Lease::new(client.clone(), namespace, secret),
            trust: Trust::new(&client),
            terms: Terms {
                names: names(namespace),
                lifetime: i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX),
            },
            certificates,
            metrics,
            trusted: None,
        })
    }

    /// Looks after it for ever, this often.
    pub async fn keep(mut self, every: Duration) {
        let mut told = None;
        loop {
            let trouble = self.look(every).await.err().map(|error| error.to_string());
            if let Some(error) = &trouble {
                self.metrics.renewal_error();
                // Counted each time, so that an alert lasts; told once, since nothing new happens.
                if trouble != told {
                    let secret = &self.secret;
                    tracing::error!(secret, error, "cannot look after the certificate");
                }
            }
            told = trouble;
            // The first replica has only just made what the others wait for.
            let has_none = self.certificates.not_after() == 0;
            let pause = if has_none {
                every.min(IMPATIENCE)
            } else {
                every
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Takes what the Secret holds into use; then, where it falls to this replica, does the next step.
    async fn look(&mut self, every: Duration) -> Result<(), Trouble> {
        let trusted = self.trusted.take();
        let leads = self.lease.hold(every).await;
        // Before the Secret: who is held up in between cannot bring back an older bundle, since by then another has written
        // the configurations.
        let found = match &leads {
            Ok(true) => Some(self.trust.read().await),
            _ => None,
        };
        let secret = self.secrets.get(&self.secret).await;
        let mut secret = secret.map_err(|error| Trouble::Api("reading the Secret", error))?;
        let data = secret.data.take().unwrap_or_default();
        let data = data
            .into_iter()
            .map(|(key, ByteString(value))| (key, value));
        let keyring = Keyring::read(&data.collect()).map_err(Trouble::Keyring)?;
        // Served even where what follows fails.
        let offered = keyring
            .as_ref()
            .map_or(Ok(()), |keyring| self.offer(keyring));
        leads.map_err(|error| Trouble::Api("holding the Lease", error))?;
        let Some(found) = found else {
            return offered;
        };
        let now_trusted = keyring.as_ref().map(Keyring::bundle);
        let now_trusted = now_trusted.filter(|bundle| found.trust(bundle));
        self.trusted = trusted_since(trusted, now_trusted, Instant::now());
        let trusted = self.trusted.as_ref();
        let settled = trusted.is_some_and(|(_, since)| since.elapsed() >= SETTLED);
        let now = timestamp(SystemTime::now());
        let next = Keyring::advance(keyring.as_ref(), &self.terms, now, settled);
        let (keyring, offered) = match (next.map_err(Trouble::Issue)?, keyring) {
            (Some(next), _) => {
                self.store(secret, &next).await?;
                let offered = self.offer(&next);
                (next, offered)
            }
            (None, Some(keyring)) => (keyring, offered),
            // There is always something to do where there is nothing.
            (None, None) => return offered,
        };
        self.trust.publish(found, &keyring.bundle()).await?;
        offered
    }

    /// Takes the pair of a keyring into use, unless it is already.
    fn offer(&self, keyring: &Keyring) -> Result<(), Trouble> {
        let Pair { certificate, key } = keyring.pair();
        let bytes = Bytes {
            certificate: certificate.clone().into_bytes(),
            key: key.clone().into_bytes(),
        };
        self.certificates.offer(bytes).map_err(Trouble::Unusable)?;
        self.metrics.certificate(self.certificates.not_after());
        self.metrics.authority(keyring.authority_not_after());
        Ok(())
    }

    /// Writes a keyring, unless somebody else has written meanwhile.
    async fn store(&self, read: Secret, keyring: &Keyring) -> Result<(), Trouble> {
        let data = keyring.write().into_iter();
        let secret = Secret {
            data: Some(data.map(|(key, value)| (key, ByteString(value))).collect()),
            // With the version that was read: a conflict is tried again with what is there then.
            ..read
        };
        let params = PostParams::default();
        let stored = self.secrets.replace(&self.secret, &params, &secret).await;
        let stored = stored.map(drop);
        stored.map_err(|error| Trouble::Api("writing the Secret", error))
    }
}

/// Since when both configurations trust the bundle that they trust now.
fn trusted_since(before: Trusted, bundle: Option<String>, now: Instant) -> Trusted {
    let bundle = bundle?;
    Some(
        before
            .filter(|(of, _)| *of == bundle)
            .unwrap_or((bundle, now)),
    )
}

/// What a Secret holds.
type Data = BTreeMap<String, Vec<u8>>;

#[cfg(test)]
mod tests {
    use super::*;

    /// Somebody else writes the configurations every now and then: what is trusted only in between has not settled.
    #[test]
    fn what_is_not_trusted_for_a_moment_has_to_settle_anew() {
        let begun = Instant::now();
        let later = begun + SETTLED;
        let bundle = |text: &str| Some(text.to_owned());
        let first = trusted_since(None, bundle("a"), begun);
        assert_eq!(
            trusted_since(first.clone(), bundle("a"), later),
            first,
            "trusted ever since"
        );
        for now in [bundle("b"), None] {
            let after = trusted_since(first.clone(), now, later);
            assert!(after.as_ref().is_none_or(|(_, since)| *since == later));
            let again = trusted_since(after, bundle("a"), later);
            assert_eq!(again, Some(("a".to_owned(), later)));
        }
    }
}
