//! Whom the API server trusts: `caBundle` of berth's own two webhook configurations.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration,
};
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

use super::Trouble;
use crate::preflight::SHIPPED_NAME;

/// The two configurations.
pub(super) struct Trust([Api<DynamicObject>; 2]);

/// What they were when they were read. One that is not there trusts whatever it may: nobody is called for it.
pub(super) struct Found([Result<Option<DynamicObject>, Trouble>; 2]);

impl Trust {
    pub(super) fn new(client: &Client) -> Self {
        let kinds = [
            ApiResource::erase::<MutatingWebhookConfiguration>(&()),
            ApiResource::erase::<ValidatingWebhookConfiguration>(&()),
        ];
        Self(kinds.map(|kind| Api::all_with(client.clone(), &kind)))
    }

    /// Reads both, to be written later if nobody else has written them by then.
    pub(super) async fn read(&self) -> Found {
        let [mutating, validating] = &self.0;
        Found([read(mutating).await, read(validating).await])
    }

    /// Has both configurations trust this bundle, where they do not.
    pub(super) async fn publish(&self, found: Found, bundle: &str) -> Result<(), Trouble> {
        let bundle = STANDARD.encode(bundle);
        let [mutating, validating] = &self.0;
        let Found([of_mutating, of_validating]) = found;
        let mutating = publish(mutating, of_mutating, &bundle).await;
        // Tried whatever became of the first.
        let validating = publish(validating, of_validating, &bundle).await;
        mutating.and(validating)
    }
}

impl Found {
    /// Whether both trust this bundle.
    pub(super) fn trust(&self, bundle: &str) -> bool {
        let bundle = STANDARD.encode(bundle);
        self.0.iter().all(|found| {
            let configuration = found.as_ref().map(Option::as_ref);
            configuration.is_ok_and(|found| found.is_none_or(|it| lacking(it, &bundle).is_empty()))
        })
    }
}

async fn read(api: &Api<DynamicObject>) -> Result<Option<DynamicObject>, Trouble> {
    let found = api.get_opt(SHIPPED_NAME).await;
    found.map_err(|error| Trouble::Api("reading a webhook configuration", error))
}

/// What to write into a configuration, webhook by webhook, so that all trust this bundle.
fn lacking(configuration: &DynamicObject, bundle: &str) -> Vec<Value> {
    let webhooks = configuration.data["webhooks"].as_array();
    webhooks
        .into_iter()
        .flatten()
        .filter(|webhook| webhook["clientConfig"]["caBundle"] != bundle)
        .map(|webhook| json!({"name": webhook["name"], "clientConfig": {"caBundle": bundle}}))
        .collect()
}

async fn publish(
    api: &Api<DynamicObject>,
    found: Result<Option<DynamicObject>, Trouble>,
    bundle: &str,
) -> Result<(), Trouble> {
    let Some(configuration) = found? else {
        return Ok(());
    };
    let lacking = lacking(&configuration, bundle);
    if lacking.is_empty() {
        return Ok(());
    }
    // By the webhooks' names, and only if nobody has changed it since it was read.
    let patch = Patch::Strategic(json!({
        "metadata": {"resourceVersion": configuration.resource_version()},
        "webhooks": lacking,
    }));
    let params = PatchParams {
        field_manager: Some("berth".to_owned()),
        ..PatchParams::default()
    };
    let patched = api.patch(SHIPPED_NAME, &params, &patch).await;
    patched
        .map_err(|error| Trouble::Api("writing caBundle into a webhook configuration", error))?;
    // Again and again, where somebody else writes another.
    let kind = configuration.types.map(|types| types.kind);
    tracing::info!(
        kind,
        name = SHIPPED_NAME,
        "wrote caBundle into the webhook configuration"
    );
    Ok(())
}
