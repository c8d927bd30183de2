//! The flags of the certificate: files, a Secret that the replicas share, or none.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};

use super::values::positive;
use crate::metrics::Metrics;
use crate::tls::{Files, Keeper};

/// The flags of the certificate.
#[derive(Debug, clap::Args)]
pub(super) struct Flags {
    /// The certificate to serve with, in PEM, followed by those that lead to its authority
    ///
    /// It has to be valid for the service's name, such as berth.berth-system.svc. berth takes a new certificate into
    /// use as soon as it and its key are both there; until then it keeps the old one.
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
    /// The Secret must exist; it may be empty at first. All replicas serve with the certificate in it. Each of them
    /// renews it when that is due, and writes its authority into the webhook configurations named zz-berth, so that
    /// the API server trusts it. Needs a cluster, as --cluster does, and --own-namespace.
    #[arg(
        long = "tls-secret",
        value_name = "NAME",
        env = "BERTH_TLS_SECRET",
        conflicts_with = "certificate",
        requires = "own_namespace"
    )]
    secret: Option<String>,

    /// The time that a certificate of --tls-secret is valid; berth renews it when a third of that is left
    ///
    /// Its authority is valid four times as long. When half of that is left, the authority gets a successor, which
    /// the API server trusts before it signs anything.
    #[arg(long = "tls-lifetime", value_name = "DURATION", env = "BERTH_TLS_LIFETIME", default_value = "2160h", value_parser = lifetime)]
    lifetime: Duration,

    /// The time between two looks for a new certificate and key, in the files or in the Secret
    #[arg(long = "tls-poll-interval", value_name = "DURATION", env = "BERTH_TLS_POLL_INTERVAL", default_value = "10s", value_parser = positive)]
    pub(super) poll_interval: Duration,
}

/// Reads a lifetime: long enough for the API server to see each step of a rotation before the next, and so short that
/// no certificate ends after the year 9999, the last that it can name, since it would then be due for renewal for
/// ever.
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

impl Flags {
    /// True if the certificate comes from a cluster.
    pub(super) fn need_cluster(&self) -> bool {
        self.secret.is_some()
    }

    /// Loads or makes the certificate, or prepares to take it from the cluster.
    pub(super) fn keeper(
        &self,
        cluster: Option<&kube::Config>,
        own_namespace: Option<&str>,
        metrics: &Arc<Metrics>,
    ) -> anyhow::Result<Keeper> {
        let files = self.certificate.clone().zip(self.key.clone());
        let keeper = match (files, &self.secret, cluster) {
            (Some((certificate, key)), ..) => Keeper::of_files(Files { certificate, key })?,
            (None, Some(secret), Some(config)) => {
                let Some(namespace) = own_namespace else {
                    bail!("--tls-secret: --own-namespace is empty");
                };
                let (lifetime, metrics) = (self.lifetime, Arc::clone(metrics));
                Keeper::of_secret(config, namespace, secret, lifetime, metrics)
                    .context("--tls-secret")?
            }
            _ => Keeper::self_signed()?,
        };
        metrics.certificate(keeper.certificates().not_after());
        Ok(keeper)
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
