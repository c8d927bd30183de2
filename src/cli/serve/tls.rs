//! Where the certificate comes from: files, a Secret that the replicas share, or nowhere but here.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use rustls::ServerConfig;
use tokio::task::JoinHandle;

use super::positive;
use crate::authority::SelfManaged;
use crate::metrics::Metrics;
use crate::server::certificates::{Certificates, Files};
use crate::server::tls;

/// The flags of the certificate.
#[derive(Debug, clap::Args)]
pub(super) struct Flags {
    /// The certificate to serve with, in PEM, followed by those that lead to its authority
    ///
    /// It has to be valid for the service's name, such as berth.berth-system.svc. A new one is taken into use as soon
    /// as it and its key are both there; until then the old one stays.
    #[arg(
        long = "tls-cert",
        value_name = "FILE",
        env = "BERTH_TLS_CERT",
        requires = "key"
    )]
    certificate: Option<PathBuf>,

    /// The private key of --tls-cert, in PEM
    #[arg(
        long = "tls-key",
        value_name = "FILE",
        env = "BERTH_TLS_KEY",
        requires = "certificate"
    )]
    key: Option<PathBuf>,

    /// The Secret, in berth's own namespace, of a certificate that berth makes and renews itself
    ///
    /// It may be empty at first, but has to be there, and so has a Lease of the same name, whose holder does the work: it
    /// renews what the Secret holds, and writes into the webhook configurations named zz-berth whom the API server is to
    /// trust. All replicas serve with what the Secret holds. Needs a cluster, as --cluster does, and --own-namespace.
    #[arg(
        long = "tls-secret",
        value_name = "NAME",
        env = "BERTH_TLS_SECRET",
        conflicts_with = "certificate",
        requires = "own_namespace"
    )]
    secret: Option<String>,

    /// How long a certificate of --tls-secret is valid; it is renewed when a third of that is left
    ///
    /// Its authority is valid four times as long, and gets a successor, trusted before it is used, when half of that is
    /// left.
    #[arg(long = "tls-lifetime", value_name = "DURATION", env = "BERTH_TLS_LIFETIME", default_value = "2160h", value_parser = lifetime)]
    lifetime: Duration,

    /// How often to look for a new certificate and key, in the files or in the Secret
    #[arg(long = "tls-poll-interval", value_name = "DURATION", env = "BERTH_TLS_POLL_INTERVAL", default_value = "10s", value_parser = positive)]
    poll_interval: Duration,
}

/// Long enough for each step of a rotation to be seen by the API server before the next, and so short that no certificate
/// ends after the year 9999, the last that one can name: it would be due for ever.
fn lifetime(text: &str) -> Result<Duration, String> {
    let lifetime = positive(text)?;
    if lifetime < Duration::from_secs(15) {
        return Err("has to be at least 15s".to_owned());
    }
    if lifetime > Duration::from_hours(87_600) {
        return Err("has to be at most 87600h, ten years".to_owned());
    }
    Ok(lifetime)
}

/// How the webhook speaks TLS, and what keeps its certificate up to date.
pub(super) struct Tls {
    pub(super) certificates: Arc<Certificates>,
    pub(super) config: ServerConfig,
    keeper: Keeper,
}

/// Who makes the certificate.
enum Keeper {
    /// Whoever writes the files.
    Files(Files),
    /// The replicas themselves.
    Secret(Box<SelfManaged>),
    /// Nobody, any more.
    SelfSigned,
}

impl Flags {
    /// Whether the certificate is that of a Secret.
    pub(super) fn need_cluster(&self) -> bool {
        self.secret.is_some()
    }

    /// Loads or makes the certificate, unless it is to come from the cluster.
    pub(super) fn load(
        &self,
        cluster: Option<&kube::Config>,
        own_namespace: Option<&str>,
        metrics: &Arc<Metrics>,
    ) -> anyhow::Result<Tls> {
        let files = self.certificate.clone().zip(self.key.clone());
        let (certificates, keeper) = match (files, &self.secret, cluster) {
            (Some((certificate, key)), ..) => {
                let files = Files { certificate, key };
                (Arc::new(Certificates::load(&files)?), Keeper::Files(files))
            }
            (None, Some(secret), Some(config)) => {
                let Some(namespace) = own_namespace else {
                    bail!("--tls-secret: --own-namespace is empty");
                };
                let certificates = Arc::<Certificates>::default();
                let keeper = SelfManaged::new(
                    config,
                    namespace,
                    secret,
                    self.lifetime,
                    Arc::clone(&certificates),
                    Arc::clone(metrics),
                );
                let keeper = keeper.context("--tls-secret")?;
                (certificates, Keeper::Secret(Box::new(keeper)))
            }
            _ => (Arc::new(Certificates::self_signed()?), Keeper::SelfSigned),
        };
        metrics.certificate(certificates.not_after());
        let resolver = Arc::clone(&certificates);
        Ok(Tls {
            config: tls::server_config(resolver),
            certificates,
            keeper,
        })
    }

    /// Looks after the certificate from now on.
    pub(super) fn keep(&self, tls: Tls, metrics: Arc<Metrics>) -> Option<JoinHandle<()>> {
        let every = self.poll_interval;
        match tls.keeper {
            Keeper::Files(files) => {
                Some(tokio::spawn(tls.certificates.poll(files, every, metrics)))
            }
            Keeper::Secret(keeper) => Some(tokio::spawn(keeper.keep(every))),
            Keeper::SelfSigned => None,
        }
    }
}

impl Tls {
    /// Whether nobody can trust it.
    pub(super) fn is_self_signed(&self) -> bool {
        matches!(self.keeper, Keeper::SelfSigned)
    }
}

#[cfg(test)]
mod tests {
    use super::lifetime;

    #[test]
    fn a_lifetime_leaves_room_for_a_rotation_and_ends() {
        for good in ["15s", "2160h", "87600h"] {
            assert!(lifetime(good).is_ok(), "{good}");
        }
        for bad in ["0", "14s", "87601h", "99999999h", "90d"] {
            assert!(lifetime(bad).is_err(), "{bad}");
        }
    }
}
