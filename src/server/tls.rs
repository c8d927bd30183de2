//! TLS as the webhook speaks it, and the files that it needs.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::{NoServerSessionStorage, ResolvesServerCert};

/// No certificate chain and no key comes near this.
const LARGEST_FILE: u64 = 1 << 20;

/// A file that cannot be used, and the flag that names it.
#[derive(Debug)]
pub struct TlsError {
    /// The flag.
    pub flag: &'static str,
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub fault: Fault,
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.flag, self.file.display(), self.fault)
    }
}

impl std::error::Error for TlsError {}

/// What is wrong with a certificate or a key.
#[derive(Debug)]
pub enum Fault {
    /// The file cannot be read.
    Unreadable(io::Error),
    /// The file is larger than any certificate.
    TooLarge,
    /// The file is no PEM, or lacks a certificate.
    NoCertificate,
    /// The file is no PEM, or lacks a private key.
    NoKey,
    /// The certificate is none, or one that TLS cannot use.
    BadCertificate(String),
    /// The key is none, or one that TLS cannot use.
    BadKey(rustls::Error),
    /// The key belongs to another certificate.
    Mismatch,
    /// There is no certificate yet.
    Missing,
    /// The certificate is not valid any more.
    Expired,
    /// The certificate is not valid yet.
    NotYetValid,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => error.fmt(f),
            Self::TooLarge => write!(f, "larger than {LARGEST_FILE} bytes"),
            Self::NoCertificate => f.write_str("holds no certificate in PEM"),
            Self::NoKey => f.write_str("holds no private key in PEM"),
            Self::BadCertificate(error) => write!(f, "cannot be used as a certificate: {error}"),
            Self::BadKey(error) => write!(f, "cannot be used as a key: {error}"),
            Self::Mismatch => f.write_str("the key is not that of the certificate"),
            Self::Missing => f.write_str("there is no certificate yet"),
            Self::Expired => f.write_str("the certificate has expired"),
            Self::NotYetValid => f.write_str("the certificate is not valid yet"),
        }
    }
}

/// How the webhook speaks TLS: 1.2 and 1.3, HTTP/1.1 only, and no resumption, which the API server never asks for.
#[must_use]
pub fn server_config(certificates: Arc<dyn ResolvesServerCert>) -> ServerConfig {
    let config = ServerConfig::builder();
    let mut config = config
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config
}

/// Reads a file that a flag names, unless it is too large.
pub(super) fn read(flag: &'static str, file: &Path) -> Result<Vec<u8>, TlsError> {
    let error = |fault| TlsError {
        flag,
        file: file.to_owned(),
        fault,
    };
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|opened| opened.take(LARGEST_FILE + 1).read_to_end(&mut bytes))
        .map_err(|cause| error(Fault::Unreadable(cause)))?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(error(Fault::TooLarge));
    }
    Ok(bytes)
}

/// The certificates in a file's text; at least one.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Fault> {
    match CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>() {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(Fault::NoCertificate),
    }
}
