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

/// The name of both configurations.
const NAME: &str = "zz-berth";

/// The two configurations.
pub(super) struct Trust([Api<DynamicObject>; 2]);

impl Trust {
    pub(super) fn new(client: &Client) -> Self {
        let kinds = [
            ApiResource::erase::<MutatingWebhookConfiguration>(&()),
            ApiResource::erase::<ValidatingWebhookConfiguration>(&()),
        ];
        Self(kinds.map(|kind| Api::all_with(client.clone(), &kind)))
    }

    /// Has both configurations trust this bundle, and says whether they did already. One that is not there trusts
    /// whatever it may: nobody is called for it.
    pub(super) async fn publish(&self, bundle: &str) -> Result<bool, Trouble> {
        let bundle = STANDARD.encode(bundle);
        let [mutating, validating] = &self.0;
        let mutating = publish(mutating, &bundle).await;
        // Tried whatever became of the first.
        let validating = publish(validating, &bundle).await;
        Ok(mutating? && validating?)
    }
}

async fn publish(api: &Api<DynamicObject>, bundle: &str) -> Result<bool, Trouble> {
    let found = api.get_opt(NAME).await;
    let found = found.map_err(|error| Trouble::Api("reading a webhook configuration", error))?;
    let Some(configuration) = found else {
        return Ok(true);
    };
    let webhooks = configuration.data["webhooks"].as_array();
    let lacking: Vec<Value> = webhooks
        .into_iter()
        .flatten()
        .filter(|webhook| webhook["clientConfig"]["caBundle"] != bundle)
        .map(|webhook| json!({"name": webhook["name"], "clientConfig": {"caBundle": bundle}}))
        .collect();
    if lacking.is_empty() {
        return Ok(true);
    }
    // By the webhooks' names, and only if nobody has changed it meanwhile.
    let patch = Patch::Strategic(json!({
        "metadata": {"resourceVersion": configuration.resource_version()},
        "webhooks": lacking,
    }));
    let params = PatchParams {
        field_manager: Some("berth".to_owned()),
        ..PatchParams::default()
    };
    let patched = api.patch(NAME, &params, &patch).await;
    let patched = patched.map(|_| false);
    patched.map_err(|error| Trouble::Api("writing caBundle into a webhook configuration", error))
}
