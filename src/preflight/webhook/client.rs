//! The client configuration of a webhook: the address that the API server calls, and the certificate that it trusts.

use k8s_openapi::ByteString;

use super::inspection::Inspection;
use crate::names::{SERVICE, SHIPPED_NAME};
use crate::preflight::configuration::endpoint;
use crate::preflight::fault::Severity;
use crate::preflight::scene::Stage;

/// Checks the path, the Service's name and the `caBundle`.
pub(super) fn check(inspection: &mut Inspection<'_>) {
    let client = &inspection.webhook.client_config;
    let wanted = inspection.configuration.chain.path();
    if endpoint(client) != Some(wanted) {
        let field = if client.service.is_some() {
            "clientConfig.service.path"
        } else {
            "clientConfig.url"
        };
        inspection.report(
            inspection.by_policy(),
            field,
            format!("berth answers these webhooks at {wanted} alone: every call fails"),
            format!("the path {wanted}"),
        );
    }
    let Some(service) = &client.service else {
        return;
    };
    if is_self_managed(inspection) && service.name != SERVICE {
        inspection.report(
            inspection.by_policy(),
            "clientConfig.service.name",
            format!("berth makes its own certificate for a Service called {SERVICE} alone: every call fails"),
            format!("the name {SERVICE}, or a certificate from elsewhere: deploy/certificates/README.md"),
        );
    }
    if !holds_certificate(client.ca_bundle.as_ref()) {
        ca_bundle(inspection);
    }
}

/// True if berth makes the certificate that it serves this webhook with.
fn is_self_managed(inspection: &Inspection<'_>) -> bool {
    inspection.scene.self_managed && !inspection.configuration.injected
}

/// Reports the missing certificate, unless something fills it in once the configuration is applied.
fn ca_bundle(inspection: &mut Inspection<'_>) {
    let misnamed = is_self_managed(inspection) && inspection.configuration.name != SHIPPED_NAME;
    let filled_later =
        inspection.configuration.injected || inspection.scene.self_managed && !misnamed;
    let severity = match inspection.scene.stage {
        Stage::Rendered if filled_later => return,
        Stage::Rendered if !inspection.fails_closed() && !misnamed => Severity::Note,
        Stage::Rendered | Stage::Live => inspection.by_policy(),
    };
    let (state, remedy) = if misnamed {
        (
            "holds no certificate, and berth fills in configurations called zz-berth alone",
            "name the configuration zz-berth, or fill it in: deploy/certificates/README.md",
        )
    } else if filled_later {
        (
            "holds no certificate yet",
            "read berth's log, or that of cert-manager's injector: it says why the field is not filled in",
        )
    } else {
        (
            "holds no certificate, and nothing seen here fills it in",
            "fill it in, or have berth or cert-manager do so: deploy/certificates/README.md",
        )
    };
    let consequence = if inspection.fails_closed() {
        "the API server refuses everything that it would ask berth about"
    } else {
        "berth is never asked"
    };
    inspection.report(
        severity,
        "clientConfig.caBundle",
        format!("{state}: until there is one, {consequence}"),
        remedy,
    );
}

/// True if the bundle holds a certificate. A placeholder that is no PEM counts as nothing.
fn holds_certificate(bundle: Option<&ByteString>) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
    bundle.is_some_and(|ByteString(bytes)| bytes.windows(BEGIN.len()).any(|part| part == BEGIN))
}
