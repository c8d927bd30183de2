//! Every certificate of berth: the one in use, the files or the Secret that it comes from, and its renewal.
//!
//! ```text
//!  files ───every poll───▶ ┐
//!  Secret ──every look───▶ ├▶ Certificates ─▶ handshakes
//!  made at start, once ──▶ ┘
//! ```
//!
//! The replicas share the Secret, and each of them serves what it holds. The one that holds the Lease renews it, and
//! writes the authorities to trust into `caBundle` of berth's own two webhook configurations.

mod api;
mod certificates;
mod config;
mod files;
mod issue;
mod keeper;
mod keyring;
mod lease;
mod pair;
mod secret;
mod trust;
mod x509;

pub use certificates::Certificates;
pub use config::server_config;
pub use files::{FileError, FileProblem, Files};
pub use keeper::Keeper;
pub use keyring::{Keyring, KeyringError, Terms};
pub use pair::{CertificateError, Pair};
pub use secret::SelfManaged;
