//! A certificate and its private key, and what can be wrong with them.

/// A certificate and its private key, in PEM. It has no `Debug`, because the key is a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Pair {
    /// The certificate, followed by those that lead to its authority.
    pub certificate: String,
    /// The private key.
    pub key: String,
}

/// A reason why a certificate and its key cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The text holds no certificate in PEM.
    #[error("holds no certificate in PEM")]
    NoCertificate,
    /// The text holds no private key in PEM.
    #[error("holds no private key in PEM")]
    NoKey,
    /// TLS cannot use the certificate.
    #[error("cannot be used as a certificate: {0}")]
    BadCertificate(String),
    /// TLS cannot use the key.
    #[error("cannot be used as a key: {0}")]
    BadKey(rustls::Error),
    /// The key belongs to another certificate.
    #[error("the key is not that of the certificate")]
    Mismatch,
    /// No certificate has been loaded yet.
    #[error("there is no certificate yet")]
    Missing,
    /// The certificate is no longer valid.
    #[error("the certificate has expired")]
    Expired,
    /// The certificate is not valid yet.
    #[error("the certificate is not valid yet")]
    NotYetValid,
}
