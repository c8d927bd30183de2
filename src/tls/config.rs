//! TLS as the webhook speaks it.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::{NoServerSessionStorage, ResolvesServerCert};

/// Returns the configuration of the webhook: TLS 1.2 and 1.3, HTTP/1.1 only, and no resumption, which the API server
/// never asks for.
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
