//! Making certificates: an authority, and the pair that it signs.

use std::time::{Duration, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::certificate::X509Certificate;

/// A certificate is valid since an hour before it was made: clocks differ.
const BACKDATED: i64 = 3600;

/// A certificate and its private key, in PEM. No `Debug`: one of them is a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Pair {
    /// The certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

/// A pair that signs others.
#[derive(Clone, PartialEq, Eq)]
pub struct Authority {
    /// Its own certificate, which is to be trusted, and its key.
    pub pair: Pair,
    /// When it expires, in seconds since 1970.
    pub not_after: i64,
}

impl Authority {
    /// Makes one that is valid from `now` on, in seconds since 1970, for so many seconds.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn new(now: i64, lifetime: i64) -> Result<Self, rcgen::Error> {
        let not_after = now.saturating_add(lifetime);
        let mut params = valid(CertificateParams::default(), now, not_after);
        // Two authorities of one name would be tried for each other.
        params.distinguished_name = named(&format!("berth authority {now}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?.pem();
        let key = key.serialize_pem();
        let pair = Pair { certificate, key };
        Ok(Self { pair, not_after })
    }

    /// Signs a new pair for a server of these names, which expires with the authority if not before.
    ///
    /// # Errors
    /// When the authority's pair is none, or the system gives no random numbers.
    pub fn sign(&self, names: &[String], now: i64, lifetime: i64) -> Result<Pair, rcgen::Error> {
        let not_after = now.saturating_add(lifetime).min(self.not_after);
        let mut params = valid(CertificateParams::new(names)?, now, not_after);
        params.distinguished_name = named(names.first().map_or("berth", |name| name));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let mut signer = CertificateParams::default();
        signer.distinguished_name = named(&common_name(&self.pair.certificate)?);
        let issuer = Issuer::new(signer, KeyPair::from_pem(&self.pair.key)?);
        let key = KeyPair::generate()?;
        Ok(Pair {
            certificate: params.signed_by(&key, &issuer)?.pem(),
            key: key.serialize_pem(),
        })
    }
}

/// What an authority that berth made is called.
fn common_name(pem: &str) -> Result<String, rcgen::Error> {
    let name = read(pem, |certificate| {
        let name = certificate.subject().iter_common_name().next()?;
        name.as_str().ok().map(str::to_owned)
    });
    name.ok_or(rcgen::Error::CouldNotParseCertificate)
}

/// Something that a certificate says, unless it is none or does not.
pub(super) fn read<T>(pem: &str, get: impl FnOnce(&X509Certificate<'_>) -> Option<T>) -> Option<T> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    let (_, certificate) = x509_parser::parse_x509_certificate(&der).ok()?;
    get(&certificate)
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn valid(mut params: CertificateParams, now: i64, not_after: i64) -> CertificateParams {
    let at = |seconds: i64| {
        // Before 1970 there were no certificates, and after 9999 there are none.
        let seconds = seconds.clamp(0, 253_402_300_799);
        (UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs())).into()
    };
    params.not_before = at(now.saturating_sub(BACKDATED));
    params.not_after = at(not_after);
    params
}
