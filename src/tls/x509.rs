//! Single fields of a certificate in PEM.

use std::net::IpAddr;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;

/// Returns the end of a certificate's validity, in seconds since 1970.
pub(super) fn not_after(pem: &str) -> Option<i64> {
    field(pem, |certificate| {
        Some(certificate.validity().not_after.timestamp())
    })
}

/// Returns the beginning and the end of a certificate's validity, in seconds since 1970. Of several certificates in the
/// text, the first counts.
#[must_use]
pub fn validity(pem: &str) -> Option<(i64, i64)> {
    field(pem, |certificate| {
        let validity = certificate.validity();
        Some((
            validity.not_before.timestamp(),
            validity.not_after.timestamp(),
        ))
    })
}

/// True if a certificate's validity has begun.
pub(super) fn has_begun(pem: &str, now: i64) -> bool {
    let begins = field(pem, |certificate| {
        Some(certificate.validity().not_before.timestamp())
    });
    begins.is_some_and(|begins| begins <= now)
}

/// True if a certificate is for all these DNS names; addresses among them are not looked at.
pub(super) fn is_for(pem: &str, names: &[String]) -> bool {
    let mut services = names.iter().filter(|name| name.parse::<IpAddr>().is_err());
    let answer = field(pem, |certificate| {
        let alternative = certificate.subject_alternative_name().ok()??;
        let of = &alternative.value.general_names;
        Some(services.all(|name| of.contains(&GeneralName::DNSName(name))))
    });
    answer == Some(true)
}

/// Returns the common name of a certificate's subject.
pub(super) fn common_name(pem: &str) -> Option<String> {
    field(pem, |certificate| {
        let name = certificate.subject().iter_common_name().next()?;
        name.as_str().ok().map(str::to_owned)
    })
}

/// Reads a field, or returns `None` if the text is no certificate or the certificate lacks the field.
fn field<T>(pem: &str, get: impl FnOnce(&X509Certificate<'_>) -> Option<T>) -> Option<T> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    let (_, certificate) = x509_parser::parse_x509_certificate(&der).ok()?;
    get(&certificate)
}
