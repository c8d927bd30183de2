//! Makes certificates: an authority, the pairs that it signs, and a pair that nobody trusts.

use std::time::{Duration, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};

use super::pair::Pair;
use super::x509::common_name;
use crate::names::{SERVICE, SHIPPED_NAMESPACE};

/// Seconds by which a certificate's validity begins before the certificate is made, because clocks differ.
const BACKDATED: i64 = 3600;

/// Returns the names that berth's own certificates are for: those of its Service, of which the API server checks the
/// first (R5.19), and those of this machine, for a person who tries berth or forwards a port.
pub(super) fn names(namespace: &str) -> Vec<String> {
    let service = format!("{SERVICE}.{namespace}.svc");
    let in_full = format!("{service}.cluster.local");
    let local = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    [service, in_full].into_iter().chain(local).collect()
}

/// Makes a pair that nobody trusts, for trying berth out.
///
/// # Errors
/// When the system gives no random numbers.
pub(super) fn self_signed() -> Result<Pair, rcgen::Error> {
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(names(SHIPPED_NAMESPACE))?.self_signed(&key)?;
    Ok(Pair {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    })
}

/// A pair that signs others.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Authority {
    /// The authority's own certificate, which clients trust, and its key.
    pub(super) pair: Pair,
    /// The end of its validity, in seconds since 1970.
    pub(super) not_after: i64,
}

impl Authority {
    /// Makes an authority that is valid from `now` on, in seconds since 1970, for `lifetime` seconds.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub(super) fn new(now: i64, lifetime: i64) -> Result<Self, rcgen::Error> {
        let not_after = now.saturating_add(lifetime);
        let mut params = valid(CertificateParams::default(), now, not_after);
        // Clients would try two authorities of one name for each other.
        params.distinguished_name = named(&format!("berth authority {now}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?.pem();
        let key = key.serialize_pem();
        let pair = Pair { certificate, key };
        Ok(Self { pair, not_after })
    }

    /// Signs a new pair for a server of these names. It expires after `lifetime` seconds, or with the authority if that
    /// is earlier.
    ///
    /// # Errors
    /// When the authority's pair cannot sign, or the system gives no random numbers.
    pub(super) fn sign(
        &self,
        names: &[String],
        now: i64,
        lifetime: i64,
    ) -> Result<Pair, rcgen::Error> {
        let not_after = now.saturating_add(lifetime).min(self.not_after);
        let mut params = valid(CertificateParams::new(names)?, now, not_after);
        params.distinguished_name = named(names.first().map_or("berth", |name| name));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let name = common_name(&self.pair.certificate);
        let mut signer = CertificateParams::default();
        signer.distinguished_name = named(&name.ok_or(rcgen::Error::CouldNotParseCertificate)?);
        let issuer = Issuer::new(signer, KeyPair::from_pem(&self.pair.key)?);
        let key = KeyPair::generate()?;
        Ok(Pair {
            certificate: params.signed_by(&key, &issuer)?.pem(),
            key: key.serialize_pem(),
        })
    }
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn valid(mut params: CertificateParams, now: i64, not_after: i64) -> CertificateParams {
    let at = |seconds: i64| {
        // A certificate names no time after the year 9999.
        let seconds = seconds.clamp(0, 253_402_300_799);
        (UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs())).into()
    };
    params.not_before = at(now.saturating_sub(BACKDATED));
    params.not_after = at(not_after);
    params
}
