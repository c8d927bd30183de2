//! The certificate in use, which handshakes take and a keeper replaces.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwapOption;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::issue;
use super::pair::{CertificateError, Pair};
use crate::metrics::timestamp;

/// A pair that TLS can serve: its certificate and its key belong together.
struct Usable {
    pair: Pair,
    key: Arc<CertifiedKey>,
    /// The begin of its validity, in seconds since 1970.
    not_before: i64,
    /// The end of its validity, in seconds since 1970.
    not_after: i64,
}

impl Usable {
    fn new(pair: Pair) -> Result<Self, CertificateError> {
        let chain = chain(&pair.certificate)?;
        let (_, parsed) = x509_parser::parse_x509_certificate(&chain[0])
            .map_err(|error| CertificateError::BadCertificate(error.to_string()))?;
        let (not_before, not_after) = (
            parsed.validity().not_before.timestamp(),
            parsed.validity().not_after.timestamp(),
        );
        let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes())
            .map_err(|_| CertificateError::NoKey)?;
        let key = any_supported_type(&key).map_err(CertificateError::BadKey)?;
        let key = CertifiedKey::new(chain, key);
        key.keys_match().map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => CertificateError::Mismatch,
            other => CertificateError::BadCertificate(other.to_string()),
        })?;
        Ok(Self {
            pair,
            key: Arc::new(key),
            not_before,
            not_after,
        })
    }

    fn check(&self, now: SystemTime) -> Result<(), CertificateError> {
        let now = timestamp(now);
        if now > self.not_after {
            Err(CertificateError::Expired)
        } else if now < self.not_before {
            Err(CertificateError::NotYetValid)
        } else {
            Ok(())
        }
    }
}

/// Returns the certificates in a text, of which there is at least one.
fn chain(pem: &str) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    match CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>() {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(CertificateError::NoCertificate),
    }
}

/// The certificate in use; at first there may be none.
#[derive(Default)]
pub struct Certificates(ArcSwapOption<Usable>);

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.load().as_ref().map(|usable| Arc::clone(&usable.key))
    }
}

impl Certificates {
    /// Takes a pair into use, even if it has expired: see [`Certificates::check`].
    ///
    /// # Errors
    /// When TLS cannot use the certificate or the key, or the two do not belong together.
    pub fn new(pair: Pair) -> Result<Self, CertificateError> {
        Ok(Self(ArcSwapOption::from_pointee(Usable::new(pair)?)))
    }

    /// Makes a certificate that nobody trusts.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn self_signed() -> Result<Self, rcgen::Error> {
        // rustls and rcgen have their cryptography from one library, so the one can use what the other makes.
        Self::new(issue::self_signed()?).map_err(|_| rcgen::Error::CouldNotParseCertificate)
    }

    /// Checks that clients can accept the certificate at this time.
    ///
    /// # Errors
    /// When it has expired or is not valid yet, or there is none.
    pub fn check(&self, now: SystemTime) -> Result<(), CertificateError> {
        let in_use = self.0.load();
        in_use.as_ref().ok_or(CertificateError::Missing)?.check(now)
    }

    /// Returns the end of the certificate's validity, in seconds since 1970, or 0 if there is no certificate.
    #[must_use]
    pub fn not_after(&self) -> i64 {
        self.0.load().as_ref().map_or(0, |usable| usable.not_after)
    }

    /// Takes a pair into use; returns false if it is in use already.
    ///
    /// # Errors
    /// When TLS cannot use the pair, or it is not valid now. The pair in use stays.
    pub fn offer(&self, pair: Pair) -> Result<bool, CertificateError> {
        let in_use = self.0.load();
        if in_use.as_ref().is_some_and(|usable| usable.pair == pair) {
            return Ok(false);
        }
        let usable = Usable::new(pair)?;
        usable.check(SystemTime::now())?;
        tracing::info!(not_after = usable.not_after, "took a new certificate");
        self.0.store(Some(Arc::new(usable)));
        Ok(true)
    }
}
