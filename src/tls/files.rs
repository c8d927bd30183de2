//! A certificate in two files, which may change at any time.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::certificates::Certificates;
use super::pair::{CertificateError, Pair};
use crate::metrics::Metrics;

/// Bytes of a file that are read at most; no chain of certificates and no key comes near this.
const LARGEST_FILE: u64 = 1 << 20;

/// The time after which a file that is being read counts as one that cannot be.
const PATIENCE: Duration = Duration::from_secs(10);

const CERTIFICATE_FLAG: &str = "--tls-cert";
const KEY_FLAG: &str = "--tls-key";

/// A file that cannot be used, and the flag that names it.
#[derive(Debug, thiserror::Error)]
#[error("{flag} {}: {problem}", .file.display())]
pub struct FileError {
    /// The flag.
    pub flag: &'static str,
    /// The file.
    pub file: PathBuf,
    /// The problem with it.
    pub problem: FileProblem,
}

/// A problem with a file.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    /// The file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    /// It is a directory, a pipe or a device. Reading could wait for ever.
    #[error("not a regular file")]
    NoFile,
    /// The file is larger than any certificate.
    #[error("larger than {LARGEST_FILE} bytes")]
    TooLarge,
    /// TLS cannot use the file's contents.
    #[error(transparent)]
    Unusable(#[from] CertificateError),
}

/// The files of a certificate and of its key.
#[derive(Debug, Clone)]
pub struct Files {
    /// The certificate, followed by those that lead to its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Files {
    /// Loads the certificate and its key. A certificate that has expired is loaded too.
    ///
    /// # Errors
    /// When a file cannot be used, or the two do not belong together.
    pub fn load(&self) -> Result<Certificates, FileError> {
        Certificates::new(self.read()?).map_err(|error| self.error(error))
    }

    /// Takes every new pair into use, for ever. It polls, because a mounted Secret is replaced by a symlink, which
    /// raises no event that can be relied on.
    pub async fn keep(
        self,
        certificates: Arc<Certificates>,
        every: Duration,
        metrics: Arc<Metrics>,
    ) {
        let mut logged = None;
        let mut hanging = None;
        loop {
            tokio::time::sleep(every).await;
            // A file may lie on a disk that hangs: nobody reads it again before that reader has come back.
            let mut reading = hanging.take().unwrap_or_else(|| {
                let (files, of) = (self.clone(), Arc::clone(&certificates));
                tokio::task::spawn_blocking(move || files.reload(&of))
            });
            let error = match timeout(PATIENCE, &mut reading).await {
                Ok(Ok(Ok(changed))) => {
                    if changed {
                        metrics.certificate(certificates.not_after());
                    }
                    None
                }
                Ok(Ok(Err(error))) => Some(error.to_string()),
                Ok(Err(panicked)) => Some(panicked.to_string()),
                Err(_) => {
                    hanging = Some(reading);
                    Some(format!(
                        "{CERTIFICATE_FLAG} {} or {KEY_FLAG} {}: reading takes longer than {} s",
                        self.certificate.display(),
                        self.key.display(),
                        PATIENCE.as_secs()
                    ))
                }
            };
            if let Some(error) = &error {
                metrics.reload_error();
                // Each poll counts, so that an alert lasts; only a new error is logged.
                if logged.as_ref() != Some(error) {
                    tracing::error!(error, "kept the certificate in use");
                }
            }
            logged = error;
        }
    }

    /// Takes the pair in the files into use; returns false if it is in use already. While only one of the two files is
    /// new, this is an error and the pair in use stays.
    fn reload(&self, certificates: &Certificates) -> Result<bool, FileError> {
        let offered = certificates.offer(self.read()?);
        offered.map_err(|error| self.error(error))
    }

    fn read(&self) -> Result<Pair, FileError> {
        Ok(Pair {
            certificate: read(CERTIFICATE_FLAG, &self.certificate)?,
            key: read(KEY_FLAG, &self.key)?,
        })
    }

    /// Names the file that shows what is wrong with the pair.
    fn error(&self, error: CertificateError) -> FileError {
        use CertificateError::{BadKey, Mismatch, NoKey};
        let (flag, file) = match error {
            BadKey(_) | Mismatch | NoKey => (KEY_FLAG, &self.key),
            _ => (CERTIFICATE_FLAG, &self.certificate),
        };
        FileError {
            flag,
            file: file.clone(),
            problem: error.into(),
        }
    }
}

/// Reads a file that a flag names. PEM is ASCII, so what a person wrote beside it in another encoding is replaced.
fn read(flag: &'static str, file: &Path) -> Result<String, FileError> {
    let error = |problem| FileError {
        flag,
        file: file.to_owned(),
        problem,
    };
    let metadata = fs::metadata(file).map_err(|cause| error(cause.into()))?;
    if !metadata.is_file() {
        return Err(error(FileProblem::NoFile));
    }
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|opened| opened.take(LARGEST_FILE + 1).read_to_end(&mut bytes))
        .map_err(|cause| error(cause.into()))?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(error(FileProblem::TooLarge));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
