//! Every certificate of berth: the one in use, the files or the Secret that it comes from, and its renewal.
//!
//! ```text
//!  files ───every poll───▶ ┐
//!  Secret ──every look───▶ ├▶ Certificates ─▶ handshakes
//!  made at start, once ──▶ ┘
//! ```
//!
//! The replicas share the Secret. Each of them reads it at every look, renews what it holds if that is due, and
//! writes the authorities to trust into `caBundle` of berth's own two webhook configurations. No replica leads: every
//! write names the version that it replaces, so of several replicas that write at once one succeeds and the others
//! look again.

mod api;
mod certificates;
mod config;
mod files;
mod issue;
mod keeper;
mod keyring;
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
pub use x509::validity;
