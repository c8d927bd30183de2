//! The first words of `berth serve`, once it serves.

use std::net::SocketAddr;

use crate::logging::Format;

/// A review of a pod that a Job makes.
const EXAMPLE: &str = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1","kind":{"group":"","version":"v1","kind":"Pod"},"namespace":"demo","operation":"CREATE","object":{"metadata":{"generateName":"hello-","ownerReferences":[{"apiVersion":"batch/v1","kind":"Job","name":"hello","uid":"2","controller":true}]},"spec":{"containers":[{"name":"hello","image":"busybox"}]}}}}"#;

/// Says where it serves. A self-signed certificate is for a person who tries berth, so then it also says how.
pub(super) fn announce(
    (webhook, ops): (SocketAddr, SocketAddr),
    self_signed: bool,
    format: Format,
) {
    tracing::info!(%webhook, %ops, "serving");
    if !self_signed {
        return;
    }
    tracing::warn!(
        "serving with a certificate that nobody trusts; give --tls-secret, or --tls-cert and --tls-key"
    );
    if format == Format::Text {
        let (webhook, ops) = (reachable(webhook), reachable(ops));
        anstream::eprintln!(
            "\n\
             https://{webhook}/mutate and /validate answer reviews; http://{ops}/readyz and /metrics say how berth is.\n\
             Where does the pod of a Job go? This command asks; the patch in the answer is base64.\n\n\
             curl -k https://{webhook}/mutate -H 'content-type: application/json' -d '{EXAMPLE}'\n"
        );
    }
}

/// Returns the address that reaches a socket from its own machine.
fn reachable(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("localhost:{}", address.port())
    } else {
        address.to_string()
    }
}
