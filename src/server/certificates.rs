//! The certificate in use, wherever it comes from: files that may change at any time, the Secret that the replicas share
//! (`authority`), or made at start for trying berth out.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwapOption;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::tls::{Fault, TlsError, certificates, read};
use crate::metrics::{Metrics, timestamp};
use crate::preflight::{SERVICE, SHIPPED_NAMESPACE};

/// What a certificate of berth's own making is for: the names of its Service, of which the API server checks the first
/// (R5.19), and this machine, for a person who tries it or forwards a port.
#[must_use]
pub fn names(namespace: &str) -> Vec<String> {
    let service = format!("{SERVICE}.{namespace}.svc");
    let in_full = format!("{service}.cluster.local");
    let local = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    [service, in_full].into_iter().chain(local).collect()
}

/// Where the certificate and its key are.
#[derive(Debug, Clone)]
pub struct Files {
    /// The certificate, followed by those that lead to its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

const CERTIFICATE_FLAG: &str = "--tls-cert";
const KEY_FLAG: &str = "--tls-key";

impl Files {
    fn read(&self) -> Result<Bytes, TlsError> {
        Ok(Bytes {
            certificate: read(CERTIFICATE_FLAG, &self.certificate)?,
            key: read(KEY_FLAG, &self.key)?,
        })
    }

    /// A fault of the pair, told of the file that shows it.
    fn error(&self, fault: Fault) -> TlsError {
        let (flag, file) = match fault {
            Fault::BadKey(_) | Fault::Mismatch | Fault::NoKey => (KEY_FLAG, &self.key),
            _ => (CERTIFICATE_FLAG, &self.certificate),
        };
        TlsError {
            flag,
            file: file.clone(),
            fault,
        }
    }
}

/// A certificate and its key, in PEM. No `Debug`: one of them is a secret.
#[derive(PartialEq, Eq)]
pub struct Bytes {
    /// The certificate, followed by those that lead to its authority.
    pub certificate: Vec<u8>,
    /// Its private key.
    pub key: Vec<u8>,
}

/// A certificate and its key, known to belong together.
struct Pair {
    bytes: Bytes,
    key: Arc<CertifiedKey>,
    /// Seconds since 1970.
    not_before: i64,
    /// Seconds since 1970.
    not_after: i64,
}

impl Pair {
    fn new(bytes: Bytes) -> Result<Self, Fault> {
        let chain = certificates(&bytes.certificate)?;
        let (_, parsed) = x509_parser::parse_x509_certificate(&chain[0])
            .map_err(|error| Fault::BadCertificate(error.to_string()))?;
        let (not_before, not_after) = (
            parsed.validity().not_before.timestamp(),
            parsed.validity().not_after.timestamp(),
        );
        let key = PrivateKeyDer::from_pem_slice(&bytes.key).map_err(|_| Fault::NoKey)?;
        let key = any_supported_type(&key).map_err(Fault::BadKey)?;
        let key = CertifiedKey::new(chain, key);
        key.keys_match().map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => Fault::Mismatch,
            other => Fault::BadCertificate(other.to_string()),
        })?;
        Ok(Self {
            bytes,
            key: Arc::new(key),
            not_before,
            not_after,
        })
    }

    fn self_signed() -> Result<Self, rcgen::Error> {
        let key = rcgen::KeyPair::generate()?;
        let certificate =
            rcgen::CertificateParams::new(names(SHIPPED_NAMESPACE))?.self_signed(&key)?;
        let bytes = Bytes {
            certificate: certificate.pem().into_bytes(),
            key: key.serialize_pem().into_bytes(),
        };
        // It cannot fail: rustls and rcgen have their cryptography from the same library.
        Self::new(bytes).map_err(|_| rcgen::Error::CouldNotParseCertificate)
    }

    fn check(&self, now: SystemTime) -> Result<(), Fault> {
        let now = timestamp(now);
        if now > self.not_after {
            Err(Fault::Expired)
        } else if now < self.not_before {
            Err(Fault::NotYetValid)
        } else {
            Ok(())
        }
    }
}

/// The certificate in use, which handshakes take; there may be none yet.
#[derive(Default)]
pub struct Certificates(ArcSwapOption<Pair>);

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.load().as_ref().map(|pair| Arc::clone(&pair.key))
    }
}

impl Certificates {
    /// Loads a certificate and its key. One that has expired is loaded too: see [`Certificates::check`].
    ///
    /// # Errors
    /// When a file cannot be used, or the two do not belong together.
    pub fn load(files: &Files) -> Result<Self, TlsError> {
        let pair = Pair::new(files.read()?).map_err(|fault| files.error(fault))?;
        Ok(Self(ArcSwapOption::from_pointee(pair)))
    }

    /// Makes a certificate that nobody trusts.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn self_signed() -> Result<Self, rcgen::Error> {
        Ok(Self(ArcSwapOption::from_pointee(Pair::self_signed()?)))
    }

    /// Whether clients can accept the certificate at this time.
    ///
    /// # Errors
    /// When it has expired or is not valid yet, or there is none.
    pub fn check(&self, now: SystemTime) -> Result<(), Fault> {
        self.0.load().as_ref().ok_or(Fault::Missing)?.check(now)
    }

    /// When the certificate expires, in seconds since 1970; 0 where there is none.
    #[must_use]
    pub fn not_after(&self) -> i64 {
        self.0.load().as_ref().map_or(0, |pair| pair.not_after)
    }

    /// Takes a pair into use, unless it is in use already; says which.
    ///
    /// # Errors
    /// When it cannot be used: the two do not belong together, or it is not valid now. The pair in use stays.
    pub fn offer(&self, bytes: Bytes) -> Result<bool, Fault> {
        if self
            .0
            .load()
            .as_ref()
            .is_some_and(|pair| pair.bytes == bytes)
        {
            return Ok(false);
        }
        let pair = Pair::new(bytes)?;
        pair.check(SystemTime::now())?;
        tracing::info!(not_after = pair.not_after, "took a new certificate");
        self.0.store(Some(Arc::new(pair)));
        Ok(true)
    }

    /// Looks at the files, and takes a new pair into use if there is one; says whether there was.
    ///
    /// # Errors
    /// When they hold something new that cannot be used: a pair written by halves, or one that is not valid now. The
    /// pair in use stays.
    pub fn reload(&self, files: &Files) -> Result<bool, TlsError> {
        self.offer(files.read()?)
            .map_err(|fault| files.error(fault))
    }

    /// Reloads for ever. Polled, since a mounted Secret is exchanged by a symlink, of which no event tells reliably.
    pub async fn poll(self: Arc<Self>, files: Files, every: Duration, metrics: Arc<Metrics>) {
        let mut logged = None;
        loop {
            tokio::time::sleep(every).await;
            let (this, of) = (Arc::clone(&self), files.clone());
            // A file may lie on a disk that hangs.
            let reloaded = tokio::task::spawn_blocking(move || this.reload(&of)).await;
            let fault = match reloaded {
                Ok(Ok(changed)) => {
                    if changed {
                        metrics.certificate(self.not_after());
                    }
                    None
                }
                Ok(Err(error)) => Some(error.to_string()),
                Err(panicked) => Some(panicked.to_string()),
            };
            if let Some(error) = &fault {
                metrics.reload_error();
                // Counted at every poll, so that an alert lasts; told once, since nothing new happens.
                if fault != logged {
                    tracing::error!(error, "kept the certificate in use");
                }
            }
            logged = fault;
        }
    }
}
