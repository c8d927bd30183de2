//! Webhook configurations as they are written.

use std::collections::BTreeSet;

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, WebhookClientConfig};

use super::chain::Chain;
use super::fault::{Fault, Severity};
use super::object::Object;
use crate::encoding::field::FieldError;
use crate::encoding::strict;
use crate::names::{SERVICE, SHIPPED_NAME, SHIPPED_NAMESPACE};

/// The end of the names of berth's webhooks.
const DOMAIN: &str = "placement.truemark.io";

/// A webhook configuration.
#[derive(Debug)]
pub(super) struct Configuration<'v> {
    pub(super) chain: Chain,
    pub(super) name: &'v str,
    /// True if cert-manager is told to fill in the `caBundle`.
    pub(super) injected: bool,
    /// The webhooks of either chain. A validating webhook leaves the fields empty that only mutating ones have.
    pub(super) webhooks: Vec<MutatingWebhook>,
}

impl Configuration<'_> {
    /// True if a webhook is one of berth's: by its name, or because it calls berth's own service or address.
    pub(super) fn is_berths(&self, webhook: &MutatingWebhook, own: &BTreeSet<String>) -> bool {
        let service = webhook.client_config.service.as_ref();
        self.is_surely_berths(webhook)
            || calls_berth(webhook)
                && service.is_some_and(|service| own.contains(&service.namespace))
    }

    fn is_surely_berths(&self, webhook: &MutatingWebhook) -> bool {
        let name = webhook.name.strip_suffix(DOMAIN);
        let service = webhook.client_config.service.as_ref();
        self.name == SHIPPED_NAME
            || name.is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('.'))
            || calls_berth(webhook) && service.is_some_and(|service| service.name == SERVICE)
    }
}

/// True if the webhook is called at a path where berth answers.
fn calls_berth(webhook: &MutatingWebhook) -> bool {
    let mut chains = Chain::ALL.iter();
    chains.any(|chain| endpoint(&webhook.client_config) == Some(chain.path()))
}

/// Returns the path at which a webhook is called.
pub(super) fn endpoint(client: &WebhookClientConfig) -> Option<&str> {
    if let Some(service) = &client.service {
        return service.path.as_deref();
    }
    let (_, rest) = client.url.as_deref()?.split_once("://")?;
    let path = &rest[rest.find('/')?..];
    path.split(['?', '#']).next()
}

/// Returns the namespaces of berth's own service; that of the shipped installation if no configuration tells.
pub(super) fn own_namespaces(configurations: &[Configuration<'_>]) -> BTreeSet<String> {
    let mut own = BTreeSet::new();
    for configuration in configurations {
        for webhook in &configuration.webhooks {
            let service = webhook.client_config.service.as_ref();
            let service = service.filter(|_| configuration.is_surely_berths(webhook));
            own.extend(service.map(|service| service.namespace.clone()));
        }
    }
    own.retain(|namespace| !namespace.is_empty());
    if own.is_empty() {
        own.insert(SHIPPED_NAMESPACE.to_owned());
    }
    own
}

/// Reads the configurations among the objects. One that cannot be read is a fault.
pub(super) fn read<'v>(objects: &[Object<'v>], faults: &mut Vec<Fault>) -> Vec<Configuration<'v>> {
    let mut configurations = Vec::new();
    for object in objects {
        let mut chains = Chain::ALL.into_iter();
        let is_of = |chain: &Chain| object.is_of("admissionregistration.k8s.io", chain.kind());
        let Some(chain) = chains.find(is_of) else {
            continue;
        };
        let webhooks = object.value.get("webhooks").filter(|list| !list.is_null());
        let webhooks = webhooks.map_or(Ok(Vec::new()), strict::from_value);
        let mut annotations = object.texts("/metadata/annotations");
        match webhooks {
            Ok(webhooks) => configurations.push(Configuration {
                chain,
                name: object.name,
                injected: annotations.any(|(key, _)| key.starts_with("cert-manager.io/inject-")),
                webhooks,
            }),
            Err(FieldError { path, message }) => faults.push(Fault {
                severity: Severity::Error,
                object: format!("{} {}", chain.kind(), object.name),
                webhook: String::new(),
                field: format!("webhooks{path}"),
                message: format!("{message}: the API server refuses it, and it cannot be judged"),
                remedy: "correct the field".to_owned(),
            }),
        }
    }
    configurations
}
